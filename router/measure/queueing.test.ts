import { expect } from "chai";
import { isLoaded, noteQueue, type Queueing, queueMs } from "./queueing.ts";

/** After these round trips, 250 ms apart. */
function noted(samples: readonly number[], eventLoopDelayMs = 0, before?: Queueing): Queueing {
  const end = samples.reduce<Queueing | undefined>(
    (queueing, ms, index) =>
      noteQueue(queueing, { ms, at: (index + 1) * 250, steppedBy: 0, eventLoopDelayMs }),
    before,
  );
  if (end === undefined) throw new Error("no samples");
  return end;
}

describe("the queue that Pings show", () => {
  it("is nothing at a steady distance", () => {
    expect(noted([20, 20, 20, 20])).to.include({ baseRttMs: 20, waitMs: 0, trend: 0 });
  });

  it("is what the round trip has grown by above its least", () => {
    const { baseRttMs, waitMs } = noted([20, ...Array.from({ length: 30 }, () => 70)]);
    expect(baseRttMs).to.equal(20);
    expect(waitMs).to.be.closeTo(50, 0.1);
  });

  it("has a way that is the least of the last 10 s", () => {
    expect(noted([20, ...Array.from({ length: 40 }, () => 70)]).baseRttMs).to.equal(70);
  });

  it("begins anew on another way", () => {
    const before = noted([20, 20, 60, 61]);
    const after = noteQueue(before, { ms: 60.5, at: 1250, steppedBy: 3, eventLoopDelayMs: 0 });
    expect(after.samples.map(({ ms }) => ms)).to.deep.equal([60, 61, 60.5]);
    expect(after.baseRttMs).to.equal(60);
    expect(after.waitMs).to.be.below(1);
  });

  it("is seen ahead of by its trend, as it grows and as it is worked off", () => {
    const growing = noted([20, 70, 120, 170]);
    expect(growing.trend).to.be.closeTo(0.2, 1e-9);
    expect(queueMs(growing, 1000)).to.be.closeTo(growing.waitMs + 200, 1e-6);
    const falling = noted([20, 300, 200, 100]);
    expect(falling.trend).to.be.closeTo(-0.4, 1e-9);
    expect(queueMs(falling, 1000)).to.equal(0);
  });

  it("has no direction while it is short", () => {
    const short = noted([20, 25, 30]);
    expect(queueMs(short, 1000)).to.equal(short.waitMs);
  });

  it("falls no faster than time passes", () => {
    expect(noted([20, 2000, 1000, 20]).trend).to.equal(-1);
  });

  it("counts while the edge reports load, and 10 s longer", () => {
    const busy = noted([20], 15);
    expect(isLoaded(busy, 10_249)).to.equal(true);
    expect(isLoaded(busy, 10_250)).to.equal(false);
    expect(isLoaded(noted([20], 14), 250)).to.equal(false);
    expect(isLoaded(noted([20, 20], 0, busy), 10_249)).to.equal(true);
  });
});
