import { expect } from "chai";
import { Frequency } from "./frequency.ts";

const BYTES = 100;

/** Keys are entries and hashes at once. */
function filled(from: number, to: number): Frequency {
  const eviction = new Frequency();
  for (let key = from; key <= to; key += 1) eviction.added(key, key, BYTES);
  return eviction;
}

function evict(eviction: Frequency): number {
  const victim = eviction.victim() ?? 0;
  eviction.removed(victim);
  return victim;
}

describe("eviction by frequency", () => {
  it("gives up what comes once, and keeps what was used, however long the scan", () => {
    const eviction = filled(1, 100);
    for (let key = 1; key <= 100; key += 1) eviction.used(key);
    const gone = new Set<number>();
    for (let key = 1_001; key <= 3_000; key += 1) {
      gone.add(evict(eviction));
      eviction.added(key, key, BYTES);
    }
    const lost = [...gone].filter((key) => key <= 100).length;
    expect(lost).to.be.below(30);
  });

  it("keeps a new version as popular as the old one", () => {
    const eviction = filled(1, 100);
    for (const key of [50, 50, 50]) eviction.used(key);
    eviction.removed(50);
    eviction.added(500, 50, BYTES);
    const gone = new Set(Array.from({ length: 99 }, () => evict(eviction)));
    expect(gone.has(500)).to.equal(false);
  });

  it("names a victim after 1,000 steps though every entry was used", () => {
    const eviction = filled(1, 20_000);
    for (let key = 1; key <= 20_000; key += 1) for (const _ of [1, 2, 3]) eviction.used(key);
    const victims = new Set(Array.from({ length: 20_000 }, () => evict(eviction)));
    expect(victims.size).to.equal(20_000);
    expect(eviction.victim()).to.equal(undefined);
  });

  it("counts an entry of more than 2 GiB as one of 2 GiB", () => {
    const eviction = new Frequency();
    eviction.added(1, 1, 2 ** 33);
    eviction.added(2, 2, BYTES);
    expect([evict(eviction), evict(eviction)].toSorted()).to.deep.equal([1, 2]);
  });
});
