import { LRUCache } from "lru-cache";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import { equivalentTargets } from "../rules/no-vary-search.ts";
import type { CacheRequest } from "../rules/stored-head.ts";
import { selects } from "../rules/vary.ts";
import { PurgeIndex } from "./purge-index.ts";
import { covers, pathOf } from "./purge-match.ts";
import type { PutOutcome, Store } from "./store.ts";
import { chargedBytes, type StoredResponse } from "./stored-response.ts";

// More would let one client fill the store with variants of one URL by sending made-up request fields.
const MOST_VARIANTS = 16;

// Targets of one path that are compared with the one asked for; a response beyond them is fetched again.
const MOST_EQUIVALENTS = 64;

// About a millisecond's work.
const PATHS_A_SLICE = 2_000;

type Shelf = readonly StoredResponse[];

/** Stored responses in memory; the least recently used keys go when the bytes run out. */
export class MemoryStore implements Store {
  readonly #limit: number;
  #shelves: LRUCache<string, Shelf>;
  #index = new PurgeIndex();
  #objects = 0;

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

  variants(key: string): Shelf {
    return this.#shelves.get(key) ?? [];
  }

  peek(key: string): Shelf {
    return this.#shelves.peek(key) ?? [];
  }

  equivalents(site: string, target: string): Shelf {
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
    const shelf = this.peek(stored.key);
    if (!shelf.includes(stored)) return;
    this.#replace(
      stored.key,
      shelf.filter((other) => other !== stored),
    );
  }

  *purge(target: PurgeTarget, soft: boolean): Generator<void, number> {
    if (target.kind === "everything" && target.site === undefined && !soft) return this.#dropAll();
    let purged = 0;
    for (const responses of this.#candidates(target)) {
      if (responses === undefined) yield;
      else
        for (const stored of [...responses])
          if (covers(target, stored)) purged += this.#purgeOne(stored, soft);
    }
    return purged;
  }

  covered(targets: readonly PurgeTarget[]): { objects: number; bytes: number } {
    const found = new Set<StoredResponse>();
    for (const target of targets) {
      for (const responses of this.#candidates(target)) {
        for (const stored of responses ?? []) if (covers(target, stored)) found.add(stored);
      }
    }
    let bytes = 0;
    for (const stored of found) bytes += chargedBytes(stored);
    return { objects: found.size, bytes };
  }

  #purgeOne(stored: StoredResponse, soft: boolean): number {
    if (soft) stored.softPurged = true;
    else this.remove(stored);
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

  /** Returns false when the shelf does not fit: then nothing stays under the key. */
  #replace(key: string, shelf: Shelf): boolean {
    this.#shelves.delete(key);
    if (shelf.length === 0) return true;
    for (const stored of shelf) this.#index.add(stored);
    this.#objects += shelf.length;
    this.#shelves.set(key, shelf);
    if (this.#shelves.peek(key) === shelf) return true;
    this.#forget(shelf);
    return false;
  }

  #forget(shelf: Shelf): void {
    for (const stored of shelf) this.#index.remove(stored);
    this.#objects -= shelf.length;
  }

  #empty(): LRUCache<string, Shelf> {
    return new LRUCache<string, Shelf>({
      maxSize: this.#limit,
      sizeCalculation: (shelf) => shelf.reduce((sum, stored) => sum + chargedBytes(stored), 0),
      dispose: (shelf) => this.#forget(shelf),
    });
  }
}
