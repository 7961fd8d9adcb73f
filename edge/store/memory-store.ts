import type { Clock } from "../../process/clock.ts";
import { WorkSlice } from "../../process/work-slice.ts";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import { ttl } from "../rules/freshness.ts";
import { momentOf } from "../rules/moment.ts";
import { selects } from "../rules/vary.ts";
import { EquivalentsIndex } from "./equivalents-index.ts";
import type { Eviction } from "./eviction/eviction.ts";
import { PurgeIndex } from "./purge-index.ts";
import { isAll } from "./purge-match.ts";
import { searches } from "./purge-search.ts";
import type { PutOutcome, Store, StoreWatch } from "./store.ts";
import { chargedBytes, type StoredResponse } from "./stored-response.ts";
import { UseCount } from "./use-count.ts";

// More would let one client fill the store with variants of one URL by sending made-up request fields.
const MOST_VARIANTS = 16;

// A use counts half after so many uses of all keys: 13 seconds at 20,000 requests a second, an afternoon at 10.
const USES_A_PERIOD = 2 ** 18;

export interface MemoryStoreOptions {
  /** Bytes that it may hold. */
  readonly maxBytes: number;
  /** Makes the order in which keys go when the bytes run out. */
  readonly eviction: () => Eviction;
  readonly clock: Clock;
  /** Bytes of the same memory that are held elsewhere now, such as by fills: so much less is stored. */
  readonly elsewhere?: () => number;
  readonly watch?: StoreWatch | undefined;
}

/** The responses stored under one key: at least one. */
interface Entry {
  readonly responses: readonly StoredResponse[];
  readonly uses: UseCount;
}

/** Stored responses in memory. */
export class MemoryStore implements Store {
  readonly #options: MemoryStoreOptions;
  #entries = new Map<string, Entry>();
  #index = new PurgeIndex();
  #equivalents = new EquivalentsIndex();
  #eviction: Eviction;
  /** By response that has other variants beside it, the number of its last use among the uses of all. */
  readonly #lastUse = new WeakMap<StoredResponse, number>();
  #responseUses = 0;
  /** Weak, because a request may still hold a response that the store has dropped, and must know that it is stale. */
  readonly #softPurgedAt = new WeakMap<StoredResponse, number>();
  #objects = 0;
  #bytes = 0;
  #uses = 0;
  #limit: number;

  constructor(options: MemoryStoreOptions) {
    this.#options = options;
    this.#limit = options.maxBytes;
    this.#eviction = options.eviction();
  }

  get objects(): number {
    return this.#objects;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes that it may hold now: `maxBytes`, or less while memory is short. */
  get limit(): number {
    return this.#limit;
  }

  /** Evicts down to the limit. */
  set limit(bytes: number) {
    this.#limit = bytes;
    this.#makeRoom(0);
  }

  variants(key: string): readonly StoredResponse[] {
    const entry = this.#entries.get(key);
    if (entry === undefined) return [];
    this.#uses += 1;
    this.#eviction.used(key);
    entry.uses.used(this.#period);
    return entry.responses;
  }

  peek(key: string): readonly StoredResponse[] {
    return this.#entries.get(key)?.responses ?? [];
  }

  useCount(key: string): number {
    return this.#entries.get(key)?.uses.at(this.#period) ?? 0;
  }

  get #period(): number {
    return Math.floor(this.#uses / USES_A_PERIOD);
  }

  used(stored: StoredResponse): void {
    // Most keys have one variant, which competes with none.
    if (this.peek(stored.key).length > 1) this.#used(stored);
  }

  #used(stored: StoredResponse): void {
    this.#responseUses += 1;
    this.#lastUse.set(stored, this.#responseUses);
  }

  equivalents(request: Pick<CacheRequest, "site" | "base" | "target">): readonly StoredResponse[] {
    return this.#equivalents.find(request);
  }

  put(stored: StoredResponse, request: CacheRequest): PutOutcome {
    const { key } = stored;
    const others = this.#othersBeside(stored, request);
    // What was alone so far has not been counted.
    if (others.length === 1) for (const other of others) this.#used(other);
    // A new version of a response is as popular as the old one.
    const uses = this.#entries.get(key)?.uses ?? new UseCount();
    for (const other of this.peek(key)) {
      if (others.includes(other)) continue;
      const lastUse = this.#useOf(other);
      if (lastUse > 0 && selects(other.selecting, request)) this.#lastUse.set(stored, lastUse);
      this.#drop(other);
    }
    const bytes = chargedBytes(stored);
    if (sumOfBytes(others) + bytes > this.#limit) return "too-large";
    // The key leaves the order first, so that it is never its own victim.
    this.#eviction.removed(key);
    this.#makeRoom(bytes);
    this.#eviction.added(key);
    this.#entries.set(key, { responses: [...others, stored], uses });
    this.#index.add(stored);
    this.#equivalents.add(stored);
    this.#objects += 1;
    this.#bytes += bytes;
    this.#options.watch?.changed(key);
    return "stored";
  }

  /** The variants that stay beside a new one, which takes the place of those that its request selects. */
  #othersBeside({ key }: StoredResponse, request: CacheRequest): readonly StoredResponse[] {
    const others = this.peek(key).filter((other) => !selects(other.selecting, request));
    if (others.length < MOST_VARIANTS) return others;
    const least = this.#leastOf(others);
    return others.filter((other) => other !== least);
  }

  /** One that has expired, else one that was never used again, else the one whose last use is longest ago. */
  #leastOf(variants: readonly StoredResponse[]): StoredResponse | undefined {
    const now = momentOf(this.#options.clock);
    return (
      variants.find((variant) => ttl(variant, now) <= 0) ??
      variants.reduce((least, other) => (this.#useOf(other) < this.#useOf(least) ? other : least))
    );
  }

  #useOf(stored: StoredResponse): number {
    return this.#lastUse.get(stored) ?? 0;
  }

  remove(stored: StoredResponse): void {
    this.#drop(stored);
  }

  async purge(targets: readonly PurgeTarget[], softlyAt?: number): Promise<number> {
    if (softlyAt === undefined && targets.some(isAll)) return this.#dropAll();
    let purged = 0;
    for await (const stored of this.coveredBy(targets)) {
      if (softlyAt === undefined) purged += this.#drop(stored) ? 1 : 0;
      else {
        purged += 1;
        // After several soft purges it has been stale since the first.
        if (!this.#softPurgedAt.has(stored)) this.#softPurgedAt.set(stored, softlyAt);
        this.#options.watch?.changed(stored.key);
      }
    }
    return purged;
  }

  softPurgedAt(stored: StoredResponse): number | undefined {
    return this.#softPurgedAt.get(stored);
  }

  async *coveredBy(targets: readonly PurgeTarget[]): AsyncGenerator<StoredResponse> {
    const slice = new WorkSlice(this.#options.clock);
    const met = new Set<StoredResponse>();
    for (const { candidates, covers } of searches(targets, this.#index)) {
      // To look up a target that covers nothing takes time too.
      if (slice.isOver()) await slice.pause();
      for (const stored of candidates) {
        if (slice.isOver()) await slice.pause();
        if (!covers(stored) || met.has(stored)) continue;
        // The walk for one target meets each response once anyway.
        if (targets.length > 1) met.add(stored);
        yield stored;
      }
    }
  }

  async covered(targets: readonly PurgeTarget[]): Promise<{ objects: number; bytes: number }> {
    let [objects, bytes] = [0, 0];
    for await (const stored of this.coveredBy(targets)) {
      objects += 1;
      bytes += chargedBytes(stored);
    }
    return { objects, bytes };
  }

  /** Takes the same time however much is held: the old containers are left to the garbage collector. */
  #dropAll(): number {
    const dropped = this.#objects;
    this.#entries = new Map();
    this.#index = new PurgeIndex();
    this.#equivalents = new EquivalentsIndex();
    this.#eviction = this.#options.eviction();
    this.#objects = 0;
    this.#bytes = 0;
    this.#options.watch?.emptied();
    return dropped;
  }

  #makeRoom(bytes: number): void {
    const room = this.#limit - (this.#options.elsewhere?.() ?? 0) - bytes;
    while (this.#bytes > room) {
      const victim = this.#eviction.victim();
      if (victim === undefined) return;
      for (const stored of this.peek(victim)) this.#drop(stored);
    }
  }

  /** Returns whether it was held. */
  #drop(stored: StoredResponse): boolean {
    const { key } = stored;
    const entry = this.#entries.get(key);
    if (entry?.responses.includes(stored) !== true) return false;
    const responses = entry.responses.filter((other) => other !== stored);
    if (responses.length > 0) this.#entries.set(key, { ...entry, responses });
    else {
      this.#entries.delete(key);
      this.#eviction.removed(key);
    }
    this.#index.remove(stored);
    this.#equivalents.remove(stored);
    this.#objects -= 1;
    this.#bytes -= chargedBytes(stored);
    this.#options.watch?.changed(key);
    return true;
  }
}

function sumOfBytes(responses: readonly StoredResponse[]): number {
  return responses.reduce((sum, stored) => sum + chargedBytes(stored), 0);
}
