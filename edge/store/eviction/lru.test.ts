import { expect } from "chai";
import { LeastRecentlyUsed } from "./lru.ts";

/** The entries in the order in which they would go. */
function order(eviction: LeastRecentlyUsed): number[] {
  const entries: number[] = [];
  for (let entry = eviction.victim(); entry !== undefined; entry = eviction.victim()) {
    entries.push(entry);
    eviction.removed(entry);
  }
  return entries;
}

describe("least recently used", () => {
  it("gives up the entries in the order of their last use", () => {
    const eviction = new LeastRecentlyUsed();
    for (const entry of [1, 2, 3, 40_000]) eviction.added(entry);
    eviction.used(1);
    eviction.used(3);
    expect(order(eviction)).to.deep.equal([2, 40_000, 1, 3]);
  });

  it("names the same entry until it is taken out", () => {
    const eviction = new LeastRecentlyUsed();
    eviction.added(1);
    eviction.added(2);
    expect([eviction.victim(), eviction.victim()]).to.deep.equal([1, 1]);
  });

  it("forgets what was removed, and has no victim when nothing is left", () => {
    const eviction = new LeastRecentlyUsed();
    eviction.added(1);
    eviction.added(2);
    eviction.removed(1);
    eviction.used(1);
    expect(order(eviction)).to.deep.equal([2]);
    expect(eviction.victim()).to.equal(undefined);
  });

  it("knows an entry that is the only one", () => {
    const eviction = new LeastRecentlyUsed();
    eviction.added(7);
    eviction.used(7);
    expect(order(eviction)).to.deep.equal([7]);
    eviction.added(7);
    expect(order(eviction)).to.deep.equal([7]);
  });
});
