import { expect } from "chai";
import { RefillLane } from "./refill-lane.ts";

describe("the refill of a site", () => {
  let lane: RefillLane;

  beforeEach(() => {
    lane = new RefillLane();
  });

  const start = (count: number) => {
    for (let i = 0; i < count; i += 1) lane.started();
  };

  it("asks for 16 at a time, half of what its origin is asked to validate at once", () => {
    start(15);
    expect(lane.restMs(0)).to.equal(0);
    start(1);
    expect(lane.restMs(0)).to.equal(undefined);
    lane.answered();
    expect(lane.restMs(0)).to.equal(0);
  });

  it("leaves an origin in trouble alone, twice as long each time, a minute at most", () => {
    const rests: (number | undefined)[] = [];
    for (let now = 0, i = 0; i < 8; i += 1) {
      lane.started();
      lane.failed(now);
      rests.push(lane.restMs(now));
      now += lane.restMs(now) ?? 0;
    }
    expect(rests).to.deep.equal([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  it("asks for one after a rest, and for more once that was answered", () => {
    start(1);
    lane.failed(0);
    expect(lane.restMs(999)).to.equal(1);
    expect(lane.restMs(1_000)).to.equal(0);
    start(1);
    expect(lane.restMs(1_000)).to.equal(undefined);
    lane.answered();
    start(15);
    expect(lane.restMs(1_000)).to.equal(0);
  });

  it("counts failures of requests that went out together as one", () => {
    start(5);
    for (const now of [10, 20, 30, 40, 50]) lane.failed(now);
    expect(lane.restMs(50)).to.equal(960);
  });
});
