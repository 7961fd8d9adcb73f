import { expect } from "chai";
import { Fields } from "../../http/message/fields.ts";
import { requestFor, storedResponse } from "../../test/rig/stored-response.fixture.ts";
import { selects } from "../rules/vary.ts";
import { inOwnMemory } from "./own-memory.ts";
import { chargedBytes } from "./stored-response.ts";

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

  it("is charged for each of its texts, once for each place that has it", () => {
    const charged = (target: string, given: Parameters<typeof storedResponse>[1]) =>
      chargedBytes(inOwnMemory(storedResponse(target, given)));
    const none = charged("/a", {});
    // The key and the path of the index.
    expect(charged(`/a${"b".repeat(100)}`, {}) - none).to.equal(200);
    expect(charged("/a", { fields: Fields.of([["A", "b".repeat(95)]]) }) - none).to.equal(
      "A: \r\n".length + 95,
    );
    for (const [given, least] of [
      [{ selecting: new Map([["a", "b".repeat(4_000)]]) }, 4_000],
      [{ tags: Array.from({ length: 100 }, (_, n) => `t${n}`) }, 8_000],
      [{ chunks: [new Uint8Array(1)], bodyLength: 1 }, 300],
    ] as const)
      expect(charged("/a", given) - none).to.be.greaterThan(least);
  });
});
