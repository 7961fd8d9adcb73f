import { expect } from "chai";
import fc from "fast-check";
import { Fields } from "./fields.ts";

describe("Fields", () => {
  const fields = Fields.ofRaw(["A", "1", "B", "2", "a", "3", "__proto__", "4"]);

  it("finds names without case and keeps lines in order", () => {
    expect(fields.all("a")).to.deep.equal(["1", "3"]);
    expect(fields.get("A")).to.equal("1, 3");
    expect(fields.has("b")).to.equal(true);
    expect([...fields.names()]).to.deep.equal(["a", "b", "__proto__"]);
  });

  it("has nothing that nobody sent", () => {
    expect(fields.get("constructor")).to.equal(undefined);
    expect(fields.all("toString")).to.deep.equal([]);
    expect(fields.get("__PROTO__")).to.equal("4");
  });

  it("replaces all lines of a name in the place of the first, or adds one at the end", () => {
    expect([...fields.with("a", "9")]).to.deep.equal([
      ["a", "9"],
      ["B", "2"],
      ["__proto__", "4"],
    ]);
    expect([...fields.with("C", "9")].at(-1)).to.deep.equal(["C", "9"]);
    expect(fields.get("a")).to.equal("1, 3");
  });

  it("leaves names out", () => {
    expect([...fields.without(["A", "__proto__"]).names()]).to.deep.equal(["b"]);
  });

  it("ignores a name without a value at the end of raw lines", () => {
    expect([...Fields.ofRaw(["A", "1", "B"])]).to.deep.equal([["A", "1"]]);
  });

  it("says the same when it is packed, whatever is in it", () => {
    const part = fc.string({ unit: fc.constantFrom("a", "B", ":", " ", ",", "\n", "\r", "ÿ"), maxLength: 4 });
    fc.assert(
      fc.property(fc.array(fc.tuple(part, part), { maxLength: 6 }), part, (lines, name) => {
        const plain = Fields.of(lines);
        for (const same of [plain.packed(), plain.packed().packed(), plain.packed().unpacked()]) {
          expect([...same]).to.deep.equal(lines);
          expect(same.all(name)).to.deep.equal(plain.all(name));
          expect(same.lines).to.equal(lines.map(([field, value]) => `${field}: ${value}\r\n`).join(""));
          expect([...same.plus("a", "1").names()]).to.deep.equal([...plain.plus("a", "1").names()]);
        }
      }),
    );
  });
});
