import { expect } from "chai";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { elapsedMs, momentOf } from "./moment.ts";

const HOUR = 3_600_000;

describe("the time between two moments", () => {
  it("is what both clocks count while nobody sets the wall clock", () => {
    const clock = new ManualClock();
    const from = momentOf(clock);
    clock.advance(1_500);
    expect(elapsedMs(from, momentOf(clock))).to.equal(1_500);
  });

  it("does not shrink when the wall clock is set back by an hour", () => {
    const clock = new ManualClock();
    const from = momentOf(clock);
    clock.advance(1_500);
    clock.setWall(-HOUR);
    expect(elapsedMs(from, momentOf(clock))).to.equal(1_500);
  });

  it("counts the time for which the machine was suspended, or its wall clock set forward", () => {
    const clock = new ManualClock();
    const from = momentOf(clock);
    clock.advance(1_500);
    clock.setWall(HOUR);
    expect(elapsedMs(from, momentOf(clock))).to.equal(HOUR + 1_500);
  });

  it("is the true time again once a wall clock that was set forward is put right", () => {
    const clock = new ManualClock();
    const from = momentOf(clock);
    clock.setWall(HOUR);
    clock.advance(1_500);
    clock.setWall(-HOUR);
    expect(elapsedMs(from, momentOf(clock))).to.equal(1_500);
  });
});
