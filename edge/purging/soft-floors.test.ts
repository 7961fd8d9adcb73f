import { expect } from "chai";
import fc from "fast-check";
import type { Position } from "../../purge-log/position.ts";
import { SoftFloors } from "./soft-floors.ts";

const at = (seq: number): Position => ({ epoch: 7, seq });

describe("the soft purges of everything", () => {
  it("tell when what was filled at a position became stale: by the first that came after", () => {
    const floors = new SoftFloors();
    expect(floors.firstSince(at(0))).to.equal(undefined);
    floors.add(at(3), 100);
    floors.add(at(8), 200);
    floors.add({ epoch: 9, seq: 0 }, 300);
    expect([0, 2, 3, 7, 8, 9].map((seq) => floors.firstSince(at(seq)))).to.deep.equal([
      100, 100, 200, 200, 300, 300,
    ]);
    expect(floors.firstSince({ epoch: 9, seq: 0 })).to.equal(undefined);
  });

  it("cover nothing once they are forgotten", () => {
    const floors = new SoftFloors();
    floors.add(at(3), 100);
    floors.forget();
    expect(floors.firstSince(at(0))).to.equal(undefined);
  });

  it("never make anything stale later than it was, however many there have been", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_000 }), fc.nat(3_000), (count, filledAt) => {
        const floors = new SoftFloors();
        for (let seq = 1; seq <= count; seq += 1) floors.add(at(seq), 10 * seq);
        const since = floors.firstSince(at(filledAt));
        if (filledAt >= count) expect(since).to.equal(undefined);
        else {
          expect(since).to.be.at.most(10 * (filledAt + 1));
          if (count <= 1_000 || filledAt > count - 1_000) expect(since).to.equal(10 * (filledAt + 1));
        }
      }),
      { numRuns: 50 },
    );
  });
});
