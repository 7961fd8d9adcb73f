import { Rows } from "../rows.ts";
import type { Eviction } from "./eviction.ts";
import { Frequency } from "./frequency.ts";
import { LeastRecentlyUsed } from "./lru.ts";
import { ShadowCache } from "./shadow-cache.ts";

// Of a small store everything is in the shadows, of a large one a sample: so many entries tell policies apart within half
// a percent.
const SHADOW_ENTRIES = 4_096;
// A hit counts half after so many requests for what is in the sample.
const MEMORY = 16_384;
// Another policy has to be better by so much, in hits a request, or two equal ones would take turns.
const BETTER = 0.002;

const HASH = 0;
const BYTES = 1;
// Tables of hashes go by their low bits.
const SKIPPED_FROM = 8;

const POLICIES = [() => new Frequency(), () => new LeastRecentlyUsed()] as const;

interface Contender {
  readonly policy: Eviction;
  readonly shadow: ShadowCache;
  /** Hits a request, of late. */
  ratio: number;
}

/**
 * Gives up what the better of two policies would give up. Most loads ask again for what was asked for often, and news for
 * what was asked for last. So a shadow of the store is kept for each policy, with a sample of the keys, and the one with
 * the most hits of late decides.
 */
export class Adaptive implements Eviction {
  readonly #contenders: readonly Contender[] = POLICIES.map((policy) => ({
    policy: policy(),
    shadow: new ShadowCache(policy()),
    ratio: 0,
  }));
  #best: Contender;
  readonly #rows = new Rows(2);
  #entries = 0;
  #bytes = 0;
  /** The shadows are asked for the keys whose hash has none of these bits. */
  #skipped = 0;

  constructor() {
    const [first] = this.#contenders;
    if (first === undefined) throw new Error("there is a policy");
    this.#best = first;
  }

  added(entry: number, hash: number, bytes: number): void {
    this.#rows.reach(entry);
    this.#rows.set(entry, HASH, hash);
    this.#rows.set(entry, BYTES, bytes);
    this.#entries += 1;
    this.#bytes += bytes;
    this.#sample();
    for (const { policy } of this.#contenders) policy.added(entry, hash, bytes);
    if ((hash & this.#skipped) === 0) this.#asked(hash, bytes);
  }

  used(entry: number): void {
    for (const { policy } of this.#contenders) policy.used(entry);
    const hash = this.#rows.get(entry, HASH);
    if ((hash & this.#skipped) === 0) this.#asked(hash, this.#rows.get(entry, BYTES));
  }

  removed(entry: number): void {
    this.#entries -= 1;
    this.#bytes -= this.#rows.get(entry, BYTES);
    for (const { policy } of this.#contenders) policy.removed(entry);
  }

  victim(): number | undefined {
    return this.#best.policy.victim();
  }

  /** Of a store that grows, ever fewer. */
  #sample(): void {
    const every = (this.#skipped >>> SKIPPED_FROM) + 1;
    if (this.#entries > 2 * every * SHADOW_ENTRIES) this.#skipped = (2 * every - 1) << SKIPPED_FROM;
    else if (this.#entries < (every / 2) * SHADOW_ENTRIES) this.#skipped = (every / 2 - 1) << SKIPPED_FROM;
  }

  #asked(hash: number, bytes: number): void {
    const most = this.#bytes / ((this.#skipped >>> SKIPPED_FROM) + 1);
    for (const contender of this.#contenders) {
      const hit = contender.shadow.asked(hash, bytes, most) ? 1 : 0;
      contender.ratio += (hit - contender.ratio) / MEMORY;
    }
    for (const contender of this.#contenders)
      if (contender.ratio > this.#best.ratio + BETTER) this.#best = contender;
  }
}
