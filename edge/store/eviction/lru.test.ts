import { expect } from "chai";
import { LeastRecentlyUsed } from "./lru.ts";

/** The keys in the order in which they would go. */
function order(eviction: LeastRecentlyUsed): string[] {
  const keys: string[] = [];
  for (let key = eviction.victim(); key !== undefined; key = eviction.victim()) {
    keys.push(key);
    eviction.removed(key);
  }
  return keys;
}

describe("least recently used", () => {
  it("gives up the keys in the order of their last use", () => {
    const eviction = new LeastRecentlyUsed();
    for (const key of ["a", "b", "c", "d"]) eviction.added(key);
    eviction.used("a");
    eviction.used("c");
    expect(order(eviction)).to.deep.equal(["b", "d", "a", "c"]);
  });

  it("names the same key until it is taken out", () => {
    const eviction = new LeastRecentlyUsed();
    eviction.added("a");
    eviction.added("b");
    expect([eviction.victim(), eviction.victim()]).to.deep.equal(["a", "a"]);
  });

  it("forgets what was removed, and has no victim when nothing is left", () => {
    const eviction = new LeastRecentlyUsed();
    eviction.added("a");
    eviction.added("b");
    eviction.removed("a");
    eviction.used("a");
    expect(order(eviction)).to.deep.equal(["b"]);
    expect(eviction.victim()).to.equal(undefined);
  });
});
