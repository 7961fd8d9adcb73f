import { expect } from "chai";
import fc from "fast-check";
import { isAboutAsNear, isClearlyBetter, isTie, steadied } from "./hysteresis.ts";

const at = (expectedMs: number, noiseMs = 0) => ({ expectedMs, noiseMs });
const timed = fc.record({
  expectedMs: fc.double({ min: 0, max: 1000, noNaN: true }),
  noiseMs: fc.double({ min: 0, max: 50, noNaN: true }),
});

describe("an edge is clearly better", () => {
  it("by a fifth of the time and by 2 ms, not by one of them", () => {
    expect(isClearlyBetter(at(80), at(100))).to.equal(true);
    expect(isClearlyBetter(at(81), at(100))).to.equal(false);
    expect(isClearlyBetter(at(3), at(5))).to.equal(true);
    expect(isClearlyBetter(at(3.5), at(5))).to.equal(false);
  });

  it("by more than chance makes of either", () => {
    expect(isClearlyBetter(at(60, 30), at(100))).to.equal(true);
    expect(isClearlyBetter(at(60, 41), at(100))).to.equal(false);
    expect(isClearlyBetter(at(60), at(100, 41))).to.equal(false);
  });

  it("than another one, and never that one than itself as well", () => {
    fc.assert(
      fc.property(timed, timed, (one, other) => {
        expect(isClearlyBetter(one, other) && isClearlyBetter(other, one)).to.equal(false);
        expect(isClearlyBetter(one, one)).to.equal(false);
      }),
    );
  });
});

describe("times", () => {
  it("tie within half a millisecond or a twentieth", () => {
    expect(isTie(0.3, 0.8)).to.equal(true);
    expect(isTie(105, 100)).to.equal(true);
    expect(isTie(100, 106)).to.equal(false);
  });

  it("are about as near up to twice as far and 10 ms", () => {
    expect(isAboutAsNear(20, 5)).to.equal(true);
    expect(isAboutAsNear(21, 5)).to.equal(false);
  });

  it("stay what they were until they are clearly others", () => {
    expect(steadied(undefined, at(10))).to.equal(10);
    expect(steadied(10, at(11.9))).to.equal(10);
    expect(steadied(10, at(12.5))).to.equal(12.5);
    expect(steadied(10, at(7.9))).to.equal(7.9);
  });
});
