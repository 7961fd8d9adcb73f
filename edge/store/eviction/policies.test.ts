import { expect } from "chai";
import { SeededRandom } from "../../../learn/simulation/seeded-random.ts";
import type { Eviction } from "./eviction.ts";
import { evictionBy, evictionPolicies } from "./policies.ts";

const BYTES = 100;

/** A cache of some entries, as the store keeps them, for keys that are numbers. */
class Cache {
  readonly held = new Map<number, number>();
  readonly #eviction: Eviction;
  readonly #most: number;
  readonly #keys: number[] = [0];
  readonly #free: number[] = [];
  hits = 0;

  constructor(eviction: Eviction, most: number) {
    this.#eviction = eviction;
    this.#most = most;
  }

  ask(key: number): void {
    const entry = this.held.get(key);
    if (entry !== undefined) {
      this.hits += 1;
      this.#eviction.used(entry);
      return;
    }
    while (this.held.size >= this.#most) this.drop(this.victim());
    const added = this.#free.pop() ?? this.#keys.length;
    this.#keys[added] = key;
    this.held.set(key, added);
    this.#eviction.added(added, Math.imul(key, 0x9e3779b1), BYTES);
  }

  /** The key that goes next. */
  victim(): number {
    const entry = this.#eviction.victim();
    const key = entry === undefined ? undefined : this.#keys[entry];
    if (key === undefined || this.held.get(key) !== entry) throw new Error(`no entry is held under ${entry}`);
    return key;
  }

  drop(key: number): void {
    const entry = this.held.get(key);
    if (entry === undefined) throw new Error(`${key} is not held`);
    this.held.delete(key);
    this.#eviction.removed(entry);
    this.#free.push(entry);
  }
}

for (const policy of evictionPolicies) {
  describe(`the eviction ${policy}`, () => {
    it("names an entry that is held, whatever was added, used and removed before, until none is left", () => {
      const random = new SeededRandom(3);
      const cache = new Cache(evictionBy(policy), 200);
      for (let step = 0; step < 20_000; step += 1) {
        cache.ask(random.whole(0, 599));
        if (random.chance(0.1)) cache.drop(random.pick([...cache.held.keys()]));
      }
      for (let left = cache.held.size; left > 0; left -= 1) cache.drop(cache.victim());
      expect(cache.held.size).to.equal(0);
      expect(evictionBy(policy).victim()).to.equal(undefined);
    });

    it("names the same entry until it is gone", () => {
      const cache = new Cache(evictionBy(policy), 50);
      for (let key = 0; key < 120; key += 1) cache.ask(key);
      const first = cache.victim();
      expect(cache.victim()).to.equal(first);
      cache.drop(first);
      expect(cache.victim()).not.to.equal(first);
    });

    it("does the same again for the same requests", () => {
      const play = (): readonly number[] => {
        const random = new SeededRandom(5);
        const cache = new Cache(evictionBy(policy), 100);
        for (let step = 0; step < 5_000; step += 1) cache.ask(random.whole(0, 399));
        return [...cache.held.keys()];
      };
      expect(play()).to.deep.equal(play());
    });
  });
}

describe("a search for what goes, where everything was used", () => {
  const victimOf = (policy: (typeof evictionPolicies)[number], entries: number): number | undefined => {
    const eviction = evictionBy(policy);
    for (let entry = 1; entry <= entries; entry += 1) eviction.added(entry, entry, BYTES);
    for (let entry = 1; entry <= entries; entry += 1) eviction.used(entry);
    const victim = eviction.victim();
    expect(eviction.victim()).to.equal(victim);
    return victim;
  };

  it("goes once around a thousand entries, and no further among more", () => {
    expect(victimOf("sieve", 1_000)).to.equal(1);
    expect(victimOf("sieve", 1_001)).to.equal(1_001);
    expect(victimOf("sieve", 5_000)).to.equal(1_001);
  });

  it("moves a thousand entries of S3-FIFO to the main queue, which holds nine tenths, and no further ones", () => {
    const secondVictimOf = (entries: number): number | undefined => {
      const eviction = evictionBy("s3-fifo");
      for (let entry = 1; entry <= entries; entry += 1) eviction.added(entry, entry, BYTES);
      for (let entry = 1; entry <= entries; entry += 1) eviction.used(entry);
      expect(eviction.victim()).to.equal(1);
      eviction.removed(1);
      for (let entry = 2; entry <= entries; entry += 1) eviction.used(entry);
      return eviction.victim();
    };
    // Without an end the last two would be 2 and 4501.
    expect([1_111, 1_112, 5_000].map(secondVictimOf)).to.deep.equal([2, 1_001, 2]);
  });
});

describe("a scan over pages that nobody asks for again", () => {
  /** Hits among requests for 100 popular keys, between scans, at a cache of 200. */
  function hitsAt(policy: (typeof evictionPolicies)[number]): number {
    const random = new SeededRandom(7);
    const cache = new Cache(evictionBy(policy), 200);
    let scanned = 1_000_000;
    let hits = 0;
    for (let round = 0; round < 200; round += 1) {
      const before = cache.hits;
      for (let request = 0; request < 100; request += 1) cache.ask(random.whole(0, 99));
      hits += cache.hits - before;
      for (let page = 0; page < 300; page += 1) cache.ask(scanned++);
    }
    return hits;
  }

  it("takes everything out of a cache by last use, and little out of the others", () => {
    const lru = hitsAt("lru");
    for (const policy of ["adaptive", "frequency", "s3-fifo", "sieve"] as const)
      expect(hitsAt(policy), policy).to.be.above(2 * lru);
  });
});

describe("pages that are news for a while", () => {
  it("are kept by last use, and so by the adaptive choice", () => {
    const hitsAt = (policy: (typeof evictionPolicies)[number]): number => {
      const random = new SeededRandom(9);
      const cache = new Cache(evictionBy(policy), 100);
      for (let step = 0; step < 60_000; step += 1) cache.ask(Math.floor(step / 20) + random.whole(0, 119));
      return cache.hits;
    };
    expect(hitsAt("adaptive")).to.be.at.least(0.97 * hitsAt("lru"));
  });
});
