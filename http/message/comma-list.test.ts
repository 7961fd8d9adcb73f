import { expect } from "chai";
import fc from "fast-check";
import { processorMs } from "../../test/rig/processor-time.ts";
import { listMembers, trimSpace, unquoted } from "./comma-list.ts";

describe("listMembers", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["", []],
    [" , ,", []],
    ["a", ["a"]],
    ["a,b , c\t", ["a", "b", "c"]],
    ['a="x, y", b', ['a="x, y"', "b"]],
    ['a="x\\", y", b', ['a="x\\", y"', "b"]],
    ['a="x, no-store', ['a="x', "no-store"]],
    ['"', ['"']],
  ];
  for (const [value, members] of cases) {
    it(`reads ${JSON.stringify(value)} as ${members.length} members`, () => {
      expect(listMembers(value)).to.deep.equal(members);
    });
  }

  it("never throws and never gives an empty or untrimmed member", () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        for (const member of listMembers(value)) expect(member).to.equal(trimSpace(member)).and.not.equal("");
      }),
    );
  });

  it("reads 8 KiB of quotes and backslashes in one pass", () => {
    expect(processorMs(() => listMembers('\\"'.repeat(100_000)))).to.be.below(500);
  });
});

describe("unquoted", () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['"60"', "60"],
    ['""', ""],
    ['"a\\"b"', 'a"b'],
    ["60", undefined],
    ['"60', undefined],
    ['"60"x', undefined],
    ["", undefined],
  ];
  for (const [text, expected] of cases) {
    it(`reads ${text} as ${expected}`, () => {
      expect(unquoted(text)).to.equal(expected);
    });
  }
});
