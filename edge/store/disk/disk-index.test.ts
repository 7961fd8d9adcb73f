import { expect } from "chai";
import { SeededRandom } from "../../../learn/simulation/seeded-random.ts";
import { DiskIndex } from "./disk-index.ts";

describe("the index of a disk tier", () => {
  it("finds what a map finds, through growth, removals and keys that share their place", () => {
    const random = new SeededRandom(7);
    const index = new DiskIndex();
    const known = new Map<string, number>();
    // Few values of the low half, so that many keys begin their search at one row.
    const keys = Array.from({ length: 6_000 }, (_, at) => ({
      high: at,
      low: random.whole(0, 3_000) * 1_021,
    }));
    const nameOf = ({ high, low }: { high: number; low: number }) => `${high} ${low}`;
    for (let step = 0; step < 60_000; step += 1) {
      const key = random.pick(keys);
      if (random.chance(0.4)) {
        expect(index.remove(key)).to.equal(known.delete(nameOf(key)));
        continue;
      }
      index.set(key, { segment: 1 + (step % 5), offset: step * 8, length: step }, step);
      known.set(nameOf(key), step);
    }
    expect(index.size).to.equal(known.size);
    for (const key of keys) {
      const step = known.get(nameOf(key));
      expect(index.find(key)?.checksum).to.equal(step);
      if (step !== undefined) expect(index.find(key)?.offset).to.equal(step * 8);
    }
  });

  it("takes 32 to 64 bytes of memory a key, and half as much again while it grows", () => {
    const index = new DiskIndex();
    for (let at = 0; at < 210_000; at += 1)
      index.set(
        { high: at, low: Math.imul(at, 0x9e3779b1) >>> 0 },
        { segment: 1, offset: at * 8, length: 1 },
        0,
      );
    expect(index.bytes / index.size).to.be.at.most(64);
    for (let at = 210_000; index.bytes / index.size <= 64; at += 1)
      index.set({ high: at, low: Math.imul(at, 0x9e3779b1) >>> 0 }, { segment: 1, offset: 8, length: 1 }, 0);
    expect(index.bytes / index.size).to.be.at.most(96);
  });

  it("removes a key only where it lies at the place that is named", () => {
    const index = new DiskIndex();
    const key = { high: 1, low: 2 };
    index.set(key, { segment: 3, offset: 64, length: 10 }, 0);
    expect(index.remove(key, { segment: 3, offset: 72 })).to.equal(false);
    expect(index.remove(key, { segment: 2, offset: 64 })).to.equal(false);
    expect(index.remove(key, { segment: 3, offset: 64 })).to.equal(true);
    expect(index.find(key)).to.equal(undefined);
  });
});
