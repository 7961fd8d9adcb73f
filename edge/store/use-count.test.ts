import { expect } from "chai";
import { Heat } from "./use-count.ts";

describe("the heat of a key", () => {
  it("is how often it was used in this era", () => {
    const heat = new Heat();
    expect(heat.at(0)).to.equal(0);
    for (let i = 0; i < 3; i += 1) heat.used(0);
    expect(heat.at(0)).to.equal(3);
  });

  it("counts the uses of an earlier era half for each era that has passed", () => {
    const heat = new Heat();
    for (let i = 0; i < 8; i += 1) heat.used(1);
    expect([1, 2, 3, 4].map((era) => heat.at(era))).to.deep.equal([8, 4, 2, 1]);
    heat.used(3);
    expect([3, 4].map((era) => heat.at(era))).to.deep.equal([3, 1.5]);
  });
});
