import { expect } from "chai";
import fc from "fast-check";
import { PrefixSet } from "./prefix-set.ts";

describe("a set of prefixes", () => {
  it("covers exactly the texts that begin with one of them", () => {
    const text = fc.stringMatching(/^[/ab?é😀]{0,6}$/u);
    fc.assert(
      fc.property(fc.array(text), text, (prefixes, asked) => {
        expect(new PrefixSet(prefixes).covers(asked)).to.equal(
          prefixes.some((prefix) => asked.startsWith(prefix)),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it("covers everything when one is empty, and nothing when there is none", () => {
    expect(new PrefixSet(["/a", ""]).covers("/b")).to.equal(true);
    expect(new PrefixSet([]).covers("/b")).to.equal(false);
  });
});
