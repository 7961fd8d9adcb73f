import { expect } from "chai";
import { median } from "./median.ts";

describe("a median", () => {
  it("is the sample in the middle, in whatever order they come", () => {
    expect(median([10, 9, 1])).to.equal(9);
    expect(median([7])).to.equal(7);
  });

  it("of an even number is the mean of the two in the middle, so that no side is favoured", () => {
    expect(median([2, 1])).to.equal(1.5);
    expect(median([9, 1, 4, 2])).to.equal(3);
  });

  it("of nothing is no number", () => {
    expect(median([])).to.be.NaN;
  });
});
