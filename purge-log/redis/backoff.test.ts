import { expect } from "chai";
import { pauseMs } from "./backoff.ts";

describe("the pause before connecting again", () => {
  const pauses = (random: number) =>
    [1, 2, 3, 4, 5, 6, 7, 2000].map((failures) => pauseMs(failures, 2000, () => random));

  it("doubles with every failure up to the longest", () => {
    expect(pauses(0)).to.deep.equal([100, 200, 400, 800, 1600, 2000, 2000, 2000]);
  });

  it("is at random up to a half shorter, and never under 50 ms", () => {
    expect(pauses(0.5)).to.deep.equal([75, 150, 300, 600, 1200, 1500, 1500, 1500]);
    expect(Math.min(...pauses(0.999_999))).to.be.at.least(50);
  });
});
