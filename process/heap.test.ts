import { expect } from "chai";
import { growthPercent } from "./heap.ts";

describe("the growth of the heap", () => {
  it("leaves room for the garbage allowed, whatever is alive", () => {
    expect([growthPercent(50, 100), growthPercent(100, 100), growthPercent(200, 100)]).to.deep.equal([
      200, 100, 50,
    ]);
  });

  it("counts buffers, which are no work, as memory", () => {
    expect([growthPercent(50, 100, 950), growthPercent(50, 30, 950), growthPercent(50, 0, 50)]).to.deep.equal(
      [10, 4, 10],
    );
  });

  it("is never less than a fifth, or the collector would do nothing else", () => {
    expect([growthPercent(500, 100), growthPercent(501, 100), growthPercent(100, 0)]).to.deep.equal([
      20, 20, 20,
    ]);
  });
});
