import { expect } from "chai";
import fc from "fast-check";
import { type RoundTrip, smoothRoundTrip } from "./round-trip.ts";

const sample = fc.double({ min: 0, max: 10_000, noNaN: true });

describe("the smoothed round-trip time", () => {
  it("begins with the first sample and half of it as variation", () => {
    expect(smoothRoundTrip(undefined, 40)).to.deep.equal({ smoothedMs: 40, variationMs: 20 });
  });

  it("moves an eighth towards a new sample, and its variation a quarter towards the deviation", () => {
    expect(smoothRoundTrip({ smoothedMs: 40, variationMs: 20 }, 80)).to.deep.equal({
      smoothedMs: 45,
      variationMs: 25,
    });
  });

  it("stays between the smallest and the largest sample", () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 50 }), (samples) => {
        const end = samples.reduce<RoundTrip | undefined>(smoothRoundTrip, undefined);
        expect(end?.smoothedMs).to.be.within(Math.min(...samples) - 1e-6, Math.max(...samples) + 1e-6);
      }),
    );
  });
});
