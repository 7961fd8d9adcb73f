import { LRUCache } from "lru-cache";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import { equivalentTargets } from "../rules/no-vary-search.ts";
import { selects } from "../rules/vary.ts";
import { PurgeIndex } from "./purge-index.ts";
import { covers, isAll, pathOf } from "./purge-match.ts";
import type { PutOutcome, Store } from "./store.ts";
import { chargedBytes, type StoredResponse } from "./stored-response.ts";
import { Heat } from "./use-count.ts";

// More would let one client fill the store with variants of one URL by sending made-up request fields.
const MOST_VARIANTS = 16;

// Targets of one path that are compared with the one asked for; a response beyond them is fetched again.
const MOST_EQUIVALENTS = 64;

// About a millisecond's work.
const PATHS_A_SLICE = 2_000;

// The same, of responses that are only looked at.
const RESPONSES_A_SLICE = 2_000;

// Uses of all keys together until a use counts half: with 20,000 requests a second some thirteen seconds, with 10 an
// afternoon.
const USES_AN_ERA = 2 ** 18;

interface Shelf {
  readonly responses: readonly StoredResponse[];
  readonly heat: Heat;
}

/** Stored responses in memory; the least recently used keys go when the bytes run out. */
export class MemoryStore implements Store {
  readonly #limit: number;
  #shelves: LRUCache<string, Shelf>;
  #index = new PurgeIndex();
  #objects = 0;
  #uses = 0;

  /** `limit` in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#shelves = this.#empty();
  }

  get objects(): number {
    return this.#objects;
  }

  get bytes(): number {
    return this.#shelves.calculatedSize;
  }

  variants(key: string): readonly StoredResponse[] {
    const shelf = this.#shelves.get(key);
    if (shelf === undefined) return [];
    this.#uses += 1;
    shelf.heat.used(this.#era);
    return shelf.responses;
  }

  peek(key: string): readonly StoredResponse[] {
    return this.#shelves.peek(key)?.responses ?? [];
  }

  heat(key: string): number {
    return this.#shelves.peek(key)?.heat.at(this.#era) ?? 0;
  }

  get #era(): number {
    return Math.floor(this.#uses / USES_AN_ERA);
  }

  equivalents(site: string, target: string): readonly StoredResponse[] {
    const found: StoredResponse[] = [];
    let looked = 0;
    for (const stored of this.#index.looseAtPath(pathOf(target))) {
      looked += 1;
      if (looked > MOST_EQUIVALENTS) break;
      const { variance } = stored;
      const other = stored.site === site && stored.target !== target;
      if (other && equivalentTargets(stored.target, target, variance)) found.push(stored);
    }
    return found;
  }

  put(stored: StoredResponse, request: CacheRequest): PutOutcome {
    const others = this.peek(stored.key).filter((other) => !selects(other.selecting, request));
    if (others.length >= MOST_VARIANTS) return "too-many-variants";
    return this.#replace(stored.key, [...others, stored]) ? "stored" : "too-large";
  }

  remove(stored: StoredResponse): void {
    const held = this.peek(stored.key);
    if (!held.includes(stored)) return;
    this.#replace(
      stored.key,
      held.filter((other) => other !== stored),
    );
  }

  *purge(target: PurgeTarget, softlyAt: number | undefined): Generator<void, number> {
    if (isAll(target) && softlyAt === undefined) return this.#dropAll();
    let purged = 0;
    for (const responses of this.#candidates(target)) {
      if (responses === undefined) yield;
      else
        for (const stored of [...responses])
          if (covers(target, stored)) purged += this.#purgeOne(stored, softlyAt);
    }
    return purged;
  }

  *coveredBy(target: PurgeTarget): Generator<StoredResponse | undefined> {
    let looked = 0;
    for (const responses of this.#candidates(target)) {
      if (responses === undefined) yield undefined;
      for (const stored of responses ?? []) {
        looked += 1;
        if (looked % RESPONSES_A_SLICE === 0) yield undefined;
        if (covers(target, stored)) yield stored;
      }
    }
  }

  covered(targets: readonly PurgeTarget[]): { objects: number; bytes: number } {
    const found = new Set<StoredResponse>();
    for (const target of targets) {
      for (const stored of this.coveredBy(target)) if (stored !== undefined) found.add(stored);
    }
    let bytes = 0;
    for (const stored of found) bytes += chargedBytes(stored);
    return { objects: found.size, bytes };
  }

  #purgeOne(stored: StoredResponse, softlyAt: number | undefined): number {
    if (softlyAt === undefined) this.remove(stored);
    // It has been stale since the first of several.
    else stored.softPurgedAt ??= softlyAt;
    return 1;
  }

  /** What the target may cover, in groups; undefined where it is time to let others work. */
  *#candidates(target: PurgeTarget): Generator<Iterable<StoredResponse> | undefined> {
    switch (target.kind) {
      case "url":
        yield this.#index.atPath(pathOf(target.target));
        break;
      case "tag":
        yield this.#index.withTag(target.tag);
        break;
      case "prefix":
      case "everything": {
        let looked = 0;
        for (const responses of this.#index.byPath()) {
          looked += 1;
          if (looked % PATHS_A_SLICE === 0) yield undefined;
          yield responses;
        }
      }
    }
  }

  /** Whatever is held, this takes the same time: the old containers are left to the garbage collector. */
  #dropAll(): number {
    const dropped = this.#objects;
    this.#shelves = this.#empty();
    this.#index = new PurgeIndex();
    this.#objects = 0;
    return dropped;
  }

  /** Returns false when the responses do not fit: then nothing stays under the key. */
  #replace(key: string, responses: readonly StoredResponse[]): boolean {
    // What is stored in the place of something is as hot as that was.
    const heat = this.#shelves.peek(key)?.heat ?? new Heat();
    this.#shelves.delete(key);
    if (responses.length === 0) return true;
    const shelf: Shelf = { responses, heat };
    for (const stored of responses) this.#index.add(stored);
    this.#objects += responses.length;
    this.#shelves.set(key, shelf);
    if (this.#shelves.peek(key) === shelf) return true;
    this.#forget(shelf);
    return false;
  }

  #forget({ responses }: Shelf): void {
    for (const stored of responses) this.#index.remove(stored);
    this.#objects -= responses.length;
  }

  #empty(): LRUCache<string, Shelf> {
    return new LRUCache<string, Shelf>({
      maxSize: this.#limit,
      sizeCalculation: ({ responses }) => responses.reduce((sum, stored) => sum + chargedBytes(stored), 0),
      dispose: (shelf) => this.#forget(shelf),
    });
  }
}
