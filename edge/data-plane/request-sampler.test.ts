import { expect } from "chai";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { RequestSampler } from "./request-sampler.ts";

describe("the sampler of requests", () => {
  /** What it picks of so many requests a second for some seconds. */
  function picked(aSecond: number, seconds: number, clock: ManualClock, sampler: RequestSampler): number[] {
    const all: number[] = [];
    for (let request = 0; request < aSecond * seconds; request += 1) {
      const stood = sampler.pick();
      if (stood > 0) all.push(stood);
      clock.advance(1_000 / aSecond);
    }
    return all;
  }

  it("picks each request of a light load, for itself alone", () => {
    const clock = new ManualClock();
    expect(picked(10, 5, clock, new RequestSampler(clock, 20))).to.deep.equal(Array(50).fill(1));
  });

  it("picks so many of a heavy load, which stand for all", () => {
    const clock = new ManualClock();
    const stood = picked(20_000, 5, clock, new RequestSampler(clock, 20));
    expect(stood.length).to.be.within(110, 121);
    const sum = stood.reduce((all, each) => all + each, 0);
    expect(sum).to.be.within(95_000, 100_000);
  });

  it("picks a second's worth at once", () => {
    const sampler = new RequestSampler(new ManualClock(), 20);
    const picks = Array.from({ length: 30 }, () => sampler.pick());
    expect(picks).to.deep.equal([...Array(20).fill(1), ...Array(10).fill(0)]);
  });

  it("picks again soon when a heavy load has ended", () => {
    const clock = new ManualClock();
    const sampler = new RequestSampler(clock, 20);
    picked(20_000, 1, clock, sampler);
    expect(picked(10, 20, clock, sampler).length).to.be.above(130);
  });
});
