import { expect } from "chai";
import fc from "fast-check";
import { Failure } from "../../../process/failure.ts";
import { PurgeRequest, type PurgeTarget } from "../../../proto/gen/edgecache/v1/edge.ts";
import { batchIds, purgeBatches } from "./purge-batches.ts";

const url = (text: string): PurgeTarget => ({ target: { $case: "url", url: text }, site: "" });

describe("the batches of a purge", () => {
  it("hold every target once, in order, and each fits into one call", () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 8_192 }), { maxLength: 60 });
    const many = fc.array(fc.constant(20), { minLength: 900, maxLength: 2_100 });
    fc.assert(
      fc.property(fc.oneof(lengths, many), (sizes) => {
        const targets = sizes.map((length, i) => url(`/${i}`.padEnd(length, "x")));
        const batches = purgeBatches(targets);
        expect(batches.flat()).to.deep.equal(targets);
        for (const batch of batches) {
          expect(batch.length).to.be.within(1, 1_000);
          const request: PurgeRequest = {
            purgeId: "p".repeat(64),
            targets: batch,
            soft: true,
            wait: { seconds: 60, nanos: 999_999_999 },
            dryRun: true,
            rebound: { seconds: 300, nanos: 999_999_999 },
            pace: 0xffff_ffff,
          };
          expect(PurgeRequest.encode(request).finish().byteLength).to.be.at.most(64 * 1024);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("are as few as the limits allow", () => {
    const targets = Array.from({ length: 2_001 }, (_, i) => url(`/${i}`));
    expect(purgeBatches(targets).map(({ length }) => length)).to.deep.equal([1_000, 1_000, 1]);
    expect(purgeBatches([])).to.deep.equal([]);
  });
});

describe("the ids of a purge's calls", () => {
  it("are the purge's own for one call, and numbered for several", () => {
    expect(batchIds("p-1", 1)).to.deep.equal(["p-1"]);
    expect(batchIds("p-1", 3)).to.deep.equal(["p-1.1", "p-1.2", "p-1.3"]);
  });

  it("must leave room for the number", () => {
    expect(batchIds("p".repeat(61), 20)[19]).to.have.length(64);
    expect(() => batchIds("p".repeat(62), 20)).to.throw(
      Failure,
      "--purge-id: must be at most 61 characters for targets that take 20 calls",
    );
  });
});
