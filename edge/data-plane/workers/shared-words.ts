import type { Moment } from "../../rules/moment.ts";

// Keys whose responses the serving threads hold. Each takes 4 bytes here; when all are given, the threads begin anew.
const MOST_KEYS = 2 ** 18;

const MONOTONIC_END = 0;
const WALL_END = 1;
const GENERATION = 2;
const SEARCHES = 3;
const WORDS = 4;

// A word holds hundredths of a second, and goes around after 497 days. No lease is as long.
const UNIT_MS = 10;
const LONGEST_MS = 3_600_000;
// Rule E7: a wall clock that was set back by more can hide that the machine was suspended.
const STEP_UNITS = 10;

/** Says of a copy that a serving thread holds whether it is current: the key's version, and how often all were dropped. */
export interface Ticket {
  readonly slot: number;
  readonly version: number;
  readonly generation: number;
}

/**
 * The memory by which the control thread tells the serving threads at once what they may answer by themselves. The
 * control thread writes, every thread reads. A purge is confirmed only after the words that it changes are written, so no
 * thread answers with what a confirmed purge covers.
 */
export class SharedWords {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #versions: Int32Array;
  readonly mostKeys: number;

  constructor(buffer?: SharedArrayBuffer, mostKeys = MOST_KEYS) {
    this.mostKeys = mostKeys;
    this.buffer = buffer ?? new SharedArrayBuffer(4 * (WORDS + mostKeys));
    this.#words = new Int32Array(this.buffer, 0, WORDS);
    this.#versions = new Int32Array(this.buffer, 4 * WORDS, mostKeys);
  }

  /** Rule E7: the lease lasts for so many milliseconds from `now`, by whichever clock goes faster. */
  grantLease(leftMs: number, now: Moment): void {
    const ms = Math.min(leftMs, LONGEST_MS);
    Atomics.store(this.#words, MONOTONIC_END, unitsOf(now.monotonic + ms));
    Atomics.store(this.#words, WALL_END, unitsOf(now.wall + ms));
  }

  /** Whether the lease holds, and no purge is on its way through the store. Then a current copy may be used. */
  mayServe(now: Moment): boolean {
    if (Atomics.load(this.#words, SEARCHES) !== 0) return false;
    const monotonicEnd = Atomics.load(this.#words, MONOTONIC_END);
    const wallEnd = Atomics.load(this.#words, WALL_END);
    const [monotonic, wall] = [unitsOf(now.monotonic), unitsOf(now.wall)];
    if (((monotonicEnd - monotonic) | 0) <= 0 || ((wallEnd - wall) | 0) <= 0) return false;
    const gained = (wall - monotonic - (wallEnd - monotonicEnd)) | 0;
    return gained >= -STEP_UNITS;
  }

  /** A purge or an invalidation is in force, and the store is searched for what it covers. */
  searchBegins(): void {
    Atomics.add(this.#words, SEARCHES, 1);
  }

  searchEnds(): void {
    Atomics.sub(this.#words, SEARCHES, 1);
  }

  /** No copy is current any more. */
  dropAll(): void {
    Atomics.add(this.#words, GENERATION, 1);
  }

  /** How often all copies were dropped. */
  get generation(): number {
    return Atomics.load(this.#words, GENERATION);
  }

  ticket(slot: number): Ticket {
    return {
      slot,
      version: Atomics.load(this.#versions, slot),
      generation: this.generation,
    };
  }

  /** No copy of this slot's key is current any more. */
  drop(slot: number): void {
    Atomics.add(this.#versions, slot, 1);
  }

  isCurrent({ slot, version, generation }: Ticket): boolean {
    return (
      Atomics.load(this.#versions, slot) === version && Atomics.load(this.#words, GENERATION) === generation
    );
  }
}

function unitsOf(ms: number): number {
  return Math.floor(ms / UNIT_MS) | 0;
}
