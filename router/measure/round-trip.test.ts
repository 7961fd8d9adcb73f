import { expect } from "chai";
import fc from "fast-check";
import { isLate, type RoundTrip, smoothRoundTrip } from "./round-trip.ts";

const sample = fc.double({ min: 0, max: 10_000, noNaN: true });

const smoothed = (samples: readonly number[], before?: RoundTrip): RoundTrip => {
  const end = samples.reduce<RoundTrip | undefined>((so, ms) => smoothRoundTrip(so, ms), before);
  if (end === undefined) throw new Error("no samples");
  return end;
};

const steady = smoothed(Array.from({ length: 20 }, () => 10));

describe("the smoothed round-trip time", () => {
  it("begins with the first sample and an eighth of it as variation", () => {
    expect(smoothRoundTrip(undefined, 40)).to.deep.equal({
      smoothedMs: 40,
      variationMs: 5,
      outliers: [],
      steppedBy: 0,
    });
  });

  it("moves an eighth towards a new sample, and its variation a quarter towards the deviation", () => {
    const before = { smoothedMs: 40, variationMs: 8, outliers: [], steppedBy: 0 };
    expect(smoothRoundTrip(before, 56)).to.deep.equal({
      smoothedMs: 42,
      variationMs: 10,
      outliers: [],
      steppedBy: 0,
    });
  });

  it("is not moved by one sample far out of range", () => {
    expect(smoothed([300], steady).smoothedMs).to.equal(steady.smoothedMs);
    expect(smoothed([300, 10, 300, 10], steady).smoothedMs).to.be.closeTo(10, 0.1);
  });

  it("follows a step at once when three samples in a row show it, up and down", () => {
    expect(smoothed([61, 60], steady).smoothedMs).to.equal(steady.smoothedMs);
    expect(smoothed([61, 60, 62], steady)).to.deep.include({ smoothedMs: 60, outliers: [], steppedBy: 3 });
    expect(smoothed([2, 1, 3], steady)).to.deep.include({ smoothedMs: 3, steppedBy: 3 });
    expect(smoothed([61, 60, 62, 60], steady).steppedBy).to.equal(0);
  });

  it("waits until samples lie together: a queue that builds up is no longer way", () => {
    expect(smoothed([60, 120, 180, 240], steady).smoothedMs).to.equal(steady.smoothedMs);
    expect(smoothed([60, 120, 180, 200, 190], steady).smoothedMs).to.equal(180);
  });

  it("takes nothing for a step that a busy event loop explains", () => {
    const busy = [61, 60, 62].reduce((before, ms) => smoothRoundTrip(before, ms, 30), steady);
    expect(busy.steppedBy).to.equal(0);
  });

  it("does not count a low sample by chance with the first ones of a lower path", () => {
    const far = smoothed(Array.from({ length: 20 }, () => 60));
    expect(smoothed([55, 5, 5], far).smoothedMs).to.equal(60);
    expect(smoothed([55, 5, 5, 5], far).smoothedMs).to.equal(5);
  });

  it("expects more variation after samples out of range", () => {
    expect(smoothed([20], steady).variationMs).to.be.above(steady.variationMs);
  });

  it("calls a Ping late whose time only a retransmission explains", () => {
    expect(isLate(steady, 209)).to.equal(false);
    expect(isLate(steady, 211)).to.equal(true);
    expect(isLate(undefined, 1000)).to.equal(false);
  });

  it("stays between the smallest and the largest sample", () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 50 }), (samples) => {
        expect(smoothed(samples).smoothedMs).to.be.within(
          Math.min(...samples) - 1e-6,
          Math.max(...samples) + 1e-6,
        );
      }),
    );
  });

  it("follows any step of steady samples within three of them", () => {
    const steps = fc.tuple(
      fc.double({ min: 1, max: 200, noNaN: true }),
      fc.double({ min: 1, max: 200, noNaN: true }),
    );
    fc.assert(
      fc.property(steps, ([from, to]) => {
        const before = smoothed(Array.from({ length: 30 }, () => from));
        const now = smoothed([to, to, to], before);
        // A step within the range of what was expected is smoothed.
        if (Math.abs(to - from) > 3) expect(now.smoothedMs).to.be.closeTo(to, 1e-9);
      }),
    );
  });
});
