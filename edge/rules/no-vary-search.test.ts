import { expect } from "chai";
import fc from "fast-check";
import { fieldsOf } from "../../test/rig/message.fixture.ts";
import { equivalentTargets, searchVariance } from "./no-vary-search.ts";

const variance = (value: string) => searchVariance(fieldsOf(`No-Vary-Search: ${value}`));
const same = (value: string, a: string, b: string): boolean => equivalentTargets(a, b, variance(value));

describe("searchVariance", () => {
  const defaults = [
    "unknown-key",
    'key-order="not a boolean"',
    'params="not a boolean or inner list"',
    "params=(not-a-string)",
    'params=("a"), except=("x")',
    "params=(), except=()",
    'params=?0, except=("x")',
    "params, except=(not-a-string)",
    'params, except="not an inner list"',
    "params, except=?1",
    'except=("x")',
    "except=()",
    "params=?0",
    "params=()",
    "key-order=?0",
    "params, &",
    "",
  ];
  for (const value of defaults) {
    it(`is the default for "${value}"`, () => {
      expect(variance(value)).to.equal(undefined);
      expect(same(value, "/a?b", "/a?b=")).to.equal(false);
    });
  }

  it("is the default without the field", () => {
    expect(searchVariance(fieldsOf())).to.equal(undefined);
  });

  it("never throws", () => {
    fc.assert(fc.property(fc.string(), (value) => void variance(value)));
  });
});

describe("equivalentTargets", () => {
  const brief = (target: string) => target.replace(/x{50,}/, "x…x");
  const cases: readonly (readonly [string, string, string, boolean])[] = [
    ["params", "/a?x=1", "/a", true],
    ["params=?1", "/a?x=1", "/a?y=2&z", true],
    ["params", "/a?x=1", "/b?x=1", false],
    ['params=("utm")', "/a?utm=1&x=2", "/a?x=2", true],
    ['params=("utm")', "/a?utm=1&x=2", "/a?x=3", false],
    ['params=("utm")', "/a?UTM=1", "/a", false],
    ['params, except=("id")', "/a?id=1&x=2", "/a?y=3&id=1", true],
    ['params, except=("id")', "/a?id=1", "/a?id=2", false],
    ['params, except=("id")', "/a?id=1", "/a", false],
    ["key-order", "/a?x=1&y=2", "/a?y=2&x=1", true],
    ["key-order", "/a?x=1&x=2", "/a?x=2&x=1", false],
    ['params=("u")', "/a?x=1&y=2", "/a?y=2&x=1", false],
    ["key-order", "/a?x", "/a?x=", true],
    ["key-order", "/a", "/a?", true],
    ["key-order", "/a?%61=%78", "/a?a=x", true],
    ["key-order", "/a?x=1&&&", "/a?x=1", true],
    ["key-order", "/a?x=+", "/a?x=%20", true],
    ["key-order", "/a?%3Fx=1", "/a??x=1", true],
    ['params=("%C3%A9+%E6%B0%97")', "/a?%C3%A9%20%E6%B0%97=4", "/a", true],
    ['params=("a=b")', "/a?a%3Db=1", "/a", true],
    ['params=("a=b")', "/a?a=b", "/a", false],
    ['params=("a&b")', "/a?a%26b", "/a", true],
    ['params=("")', "/a?=1", "/a", true],
    ["key-order", "/%61?x", "/a?x", false],
    ['params=("utm")', "/a?utm=x;callback=evil", "/a", false],
    ['params=("utm")', "/a?utm=x%3Bcallback=evil", "/a", true],
    ['params=("utm")', `/a?utm=${"x".repeat(1_020)}`, "/a", true],
    ['params=("utm")', `/a?utm=${"x".repeat(1_021)}`, "/a", false],
  ];
  for (const [value, a, b, expected] of cases) {
    it(`holds ${brief(a)} and ${b} ${expected ? "to be the same" : "apart"} with ${value}`, () => {
      expect(same(value, a, b)).to.equal(expected);
      expect(same(value, b, a)).to.equal(expected);
    });
  }

  it("compares byte for byte without a variance", () => {
    expect(equivalentTargets("/a?x", "/a?x", undefined)).to.equal(true);
    expect(equivalentTargets("/a?x", "/a?x=", undefined)).to.equal(false);
  });
});
