import { expect } from "chai";
import fc from "fast-check";
import { processorMs } from "../../test/rig/processor-time.ts";
import { type EntityTag, parseEntityTag, someTag, strongMatch, weakMatch } from "./entity-tag.ts";

const tag = (text: string): EntityTag | undefined => parseEntityTag(text);

describe("parseEntityTag", () => {
  it("reads strong and weak tags", () => {
    expect(tag('"a,b"')).to.deep.equal({ weak: false, opaque: "a,b" });
    expect(tag('W/""')).to.deep.equal({ weak: true, opaque: "" });
    expect(tag('"\xe9\\"')).to.deep.equal({ weak: false, opaque: "\xe9\\" });
  });

  for (const text of [
    "",
    "a",
    '"a',
    'a"',
    'w/"a"',
    'W"a"',
    'W\\"a"',
    '"a" ',
    '"a b"',
    '"a", "b"',
    '"a""',
    "*",
  ]) {
    it(`refuses ${text || "nothing"}`, () => {
      expect(tag(text)).to.equal(undefined);
    });
  }
});

describe("comparison (RFC 9110 section 8.8.3.2)", () => {
  const table: readonly (readonly [string, string, boolean, boolean])[] = [
    ['W/"1"', 'W/"1"', false, true],
    ['W/"1"', 'W/"2"', false, false],
    ['W/"1"', '"1"', false, true],
    ['"1"', '"1"', true, true],
  ];
  for (const [a, b, strong, weak] of table) {
    it(`of ${a} and ${b} is strong: ${strong}, weak: ${weak}`, () => {
      expect([strongMatch(tag(a), tag(b)), weakMatch(tag(a), tag(b))]).to.deep.equal([strong, weak]);
      expect([strongMatch(tag(b), tag(a)), weakMatch(tag(b), tag(a))]).to.deep.equal([strong, weak]);
    });
  }

  it("is false for text that is not a tag", () => {
    expect([strongMatch(undefined, undefined), weakMatch(undefined, tag('"a"'))]).to.deep.equal([
      false,
      false,
    ]);
  });
});

describe("someTag", () => {
  const finds = (list: string, opaque: string): boolean => someTag(list, (found) => found.opaque === opaque);

  it("finds a tag anywhere in a list, and none that only looks like one", () => {
    expect(finds('"1", W/"2","3,4"', "3,4")).to.equal(true);
    expect(finds('1, "2"', "2")).to.equal(true);
    expect(finds("abc, def", "abc")).to.equal(false);
    expect(finds('"a, "b"', "b")).to.equal(true);
    expect(finds("", "")).to.equal(false);
  });

  it("reads 10,000 tags, and 100,000 commas, quickly", () => {
    const took = processorMs(() => {
      expect(finds(Array.from({ length: 10_000 }, (_, n) => `"${n}"`).join(", "), "x")).to.equal(false);
      expect(finds(",".repeat(100_000), "x")).to.equal(false);
      expect(finds('"'.repeat(100_000), "x")).to.equal(false);
    });
    expect(took).to.be.below(500);
  });

  it("never throws", () => {
    fc.assert(fc.property(fc.string(), (list) => void someTag(list, () => false)));
  });
});
