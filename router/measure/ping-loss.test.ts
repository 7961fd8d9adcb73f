import { expect } from "chai";
import fc from "fast-check";
import { lossNoiseOf, lossOf, NO_PINGS, notePing, provenLossOf } from "./ping-loss.ts";

const noted = (pings: readonly boolean[]) => pings.reduce(notePing, NO_PINGS);

describe("the loss of Pings", () => {
  it("is the share of the latest 32", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 100 }), (pings) => {
        const latest = pings.slice(-32);
        const lost = latest.filter(Boolean).length;
        expect(lossOf(noted(pings))).to.equal(latest.length === 0 ? 0 : lost / latest.length);
      }),
    );
  });

  it("counts for the choice from the second one on", () => {
    expect(provenLossOf(noted([true, false, false]))).to.equal(0);
    expect(provenLossOf(noted([true, false, true]))).to.equal(1 / 32);
    expect(provenLossOf(noted(Array.from({ length: 40 }, () => true)))).to.equal(31 / 32);
  });

  it("is as uncertain as a count is", () => {
    expect(lossNoiseOf(noted([true]))).to.equal(0);
    expect(lossNoiseOf(noted([true, true, true, true, true]))).to.equal(2 / 32);
  });
});
