import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { requestFor, storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { selects } from "../rules/vary.ts";
import { inOwnMemory } from "./own-memory.ts";

describe("a stored response in memory of its own", () => {
  const fields = Fields.of([
    ["ETag", '"1"'],
    ["Surrogate-Control", "max-age=9"],
    ["X", "ÿ"],
  ]);
  const selecting = new Map([
    ["cookie", undefined],
    ["accept", "a/b"],
  ]);
  const stored = storedResponse("/a?b=1", { fields, selecting, tags: ["t", "u"] });

  it("says the same as before", () => {
    const own = inOwnMemory(stored);
    expect([...own.fields]).to.deep.equal([...stored.fields]);
    expect([...own.clientFields]).to.deep.equal([...stored.clientFields]);
    expect({ ...own, fields, clientFields: fields }).to.deep.equal({ ...stored, clientFields: fields });
    expect(selects(own.selecting, requestFor("/a?b=1", { Accept: "a/b" }))).to.equal(true);
  });

  it("keeps texts that have more than a byte a char as they are", () => {
    const own = inOwnMemory(storedResponse("/€?ü", { tags: ["日本"] }));
    expect([own.target, own.tags]).to.deep.equal(["/€?ü", ["日本"]]);
  });
});
