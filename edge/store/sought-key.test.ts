import { expect } from "chai";
import fc from "fast-check";
import { hashOf } from "../../process/text-hash.ts";
import { SoughtKey } from "./sought-key.ts";

describe("a key that is looked for", () => {
  const long = "/".repeat(4_096 / 3);
  const texts = fc.oneof(
    fc.constantFrom(
      "",
      "default ",
      "/a",
      "/b",
      "\xe9",
      "\xc3\xa9",
      "\u0141",
      "A",
      "\ud800",
      "\0",
      long,
      `${long}/`,
    ),
    fc.string(),
    fc.string({ unit: "binary", maxLength: 6 }),
  );

  it("is found where its text stands, and nowhere else, and has the hash of its text", () => {
    const sought = new SoughtKey();
    fc.assert(
      fc.property(texts, texts, texts, fc.nat(3), (prefix, rest, other, seed) => {
        const text = prefix + rest;
        expect(sought.set(prefix, rest).text).to.equal(text);
        expect(sought.hash(seed)).to.equal(hashOf(text, seed));
        for (const stored of [text, other, prefix + other, Buffer.from(text).toString("latin1")]) {
          if (/[\u0100-\uffff]/.test(stored)) continue;
          const bytes = Buffer.from(`..${stored}..`, "latin1");
          expect(sought.stands(bytes, 2, stored.length), stored).to.equal(stored === text);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("is not taken for another one whose chars are the same but for their upper byte", () => {
    const sought = new SoughtKey();
    for (const [prefix, rest] of [
      ["\u0141", ""],
      ["", "\u0141"],
    ] as const)
      expect(sought.set(prefix, rest).stands(Buffer.from("A"), 0, 1)).to.equal(false);
  });

  for (const length of [1_363, 1_364, 1_365, 1_366, 8_192])
    it(`may have ${length} chars behind its prefix`, () => {
      const rest = "x".repeat(length);
      const sought = new SoughtKey().set("ab", rest);
      expect(sought.hash(5)).to.equal(hashOf(`ab${rest}`, 5));
      expect(sought.stands(Buffer.from(`ab${rest}`), 0, length + 2)).to.equal(true);
      expect(sought.stands(Buffer.from(`ab${rest.slice(1)}y`), 0, length + 2)).to.equal(false);
    });
});
