import { expect } from "chai";
import { UseCount } from "./use-count.ts";

describe("the use count of a key", () => {
  it("is how often it was used in this period", () => {
    const uses = new UseCount();
    expect(uses.at(0)).to.equal(0);
    for (let i = 0; i < 3; i += 1) uses.used(0);
    expect(uses.at(0)).to.equal(3);
  });

  it("counts the uses of an earlier period half for each period that has passed", () => {
    const uses = new UseCount();
    for (let i = 0; i < 8; i += 1) uses.used(1);
    expect([1, 2, 3, 4].map((period) => uses.at(period))).to.deep.equal([8, 4, 2, 1]);
    uses.used(3);
    expect([3, 4].map((period) => uses.at(period))).to.deep.equal([3, 1.5]);
  });
});
