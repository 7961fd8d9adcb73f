import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { VaryNames } from "./vary-names.ts";

const NONE: ReadonlySet<string> = new Set();
const vary = (names: readonly string[]) => Fields.of([["Vary", names.join(", ")]]);
const many = (count: number) => Array.from({ length: count }, (_, i) => `x-${i}`);

describe("the fields that the responses of a key vary on", () => {
  it("are learnt for that key only, and the new ones are returned", () => {
    const names = new VaryNames();
    expect(names.learn("a", vary(["X-Tenant", "Accept-Encoding", "*"]), NONE)).to.deep.equal(["x-tenant"]);
    expect([[...names.of("a")], [...names.of("b")]]).to.deep.equal([["x-tenant"], []]);
    expect(names.learn("a", vary(["x-tenant"]), names.of("a"))).to.deep.equal([]);
  });

  it("are at most 16 for a key", () => {
    const names = new VaryNames();
    names.learn("a", vary(many(16)), NONE);
    expect([...names.of("a")]).to.deep.equal(many(16));
    names.learn("a", vary(["x-16"]), names.of("a"));
    expect([...names.of("a")]).to.deep.equal(many(16));
    names.learn("b", vary(many(17)), NONE);
    expect([...names.of("b")]).to.deep.equal([]);
  });
});
