import { expect } from "chai";
import { usesAfter } from "./use-count.ts";

describe("the use count of a key", () => {
  it("counts a use half for each period that has passed", () => {
    expect([0, 1, 2, 3, 4].map((periods) => usesAfter(8, periods))).to.deep.equal([8, 4, 2, 1, 0]);
  });

  it("is nothing after many periods", () => {
    expect([31, 32, 33, 1_000].map((periods) => usesAfter(2 ** 31, periods))).to.deep.equal([1, 0, 0, 0]);
  });
});
