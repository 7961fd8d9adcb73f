import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { ManualClock } from "../test/rig/manual-clock.ts";
import { WorkSlice } from "./work-slice.ts";

/** After how many steps of `stepMs` each the slice is over. */
function stepsIn(slice: WorkSlice, clock: ManualClock, stepMs: number): number {
  let steps = 0;
  while (!slice.isOver()) {
    steps += 1;
    clock.advance(stepMs);
  }
  return steps;
}

describe("a slice of work", () => {
  it("goes on while it has lasted less than 2 ms, and is over then", () => {
    const clock = new ManualClock();
    const slice = new WorkSlice(clock);
    const over = () => Array.from({ length: 32 }, () => slice.isOver()).includes(true);
    clock.advance(1.9);
    expect(over()).to.equal(false);
    clock.advance(0.1);
    expect(over()).to.equal(true);
  });

  it("is bounded by time, however long a step takes: slow steps make it short in steps", () => {
    const clock = new ManualClock();
    expect(stepsIn(new WorkSlice(clock), clock, 0.01)).to.be.within(200, 232);
    expect(stepsIn(new WorkSlice(clock), clock, 1)).to.be.within(2, 8);
  });

  it("looks at the clock before each step that is worth many", () => {
    const clock = new ManualClock();
    const slice = new WorkSlice(clock);
    clock.advance(1.9);
    expect(slice.isOver(1_000)).to.equal(false);
    clock.advance(0.1);
    expect(slice.isOver(1_000)).to.equal(true);
  });

  it("is followed by a whole one after a pause, which waits for whatever is due", async () => {
    const clock = new ManualClock();
    const slice = new WorkSlice(clock);
    stepsIn(slice, clock, 1);
    let paused = true;
    slice.pause().then(() => {
      paused = false;
    });
    await turn();
    expect([paused, clock.waiting]).to.deep.equal([true, 1]);
    clock.advance(1_000);
    await turn();
    expect(paused).to.equal(false);
    expect(stepsIn(slice, clock, 0.01)).to.be.within(200, 264);
  });
});
