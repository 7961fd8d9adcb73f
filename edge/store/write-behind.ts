import type { Clock } from "../../process/clock.ts";
import { WorkSlice } from "../../process/work-slice.ts";
import type { Directory } from "./directory.ts";
import { Ghosts } from "./eviction/ghosts.ts";
import { leaving } from "./leaving.ts";
import type { LowerStore } from "./memory-store-options.ts";

// Two seconds of 50,000 keys a second. What comes beyond that is written when it leaves memory.
const MOST_WAITING = 100_000;

// They take 256 KiB. A file of 16 GiB in slices of 1 MiB is known by them when it is asked for again.
const LEAST_REMEMBERED = 2 ** 14;
// Of the keys in memory. A disk has room for more than memory.
const REMEMBERED_A_KEY = 16;

// A crash costs what was asked for again within it.
const PERIOD_MS = 100;

/**
 * Brings to the store below what is worth to be kept there: what was asked for again, soon after that, and what leaves
 * memory. Of what is larger than memory, that may be after it has gone and was fetched again. What nobody asks for again
 * is never written.
 */
export class WriteBehind {
  readonly #lower: LowerStore;
  readonly #directory: () => Directory;
  /** Rows of keys. Another key may have the row by now, which costs a write. */
  #waiting: number[] = [];
  /** The hashes of keys that left memory before anybody had asked for them again. */
  readonly #unasked = new Ghosts();

  constructor(lower: LowerStore, directory: () => Directory) {
    this.#lower = lower;
    this.#directory = directory;
  }

  /** Somebody has asked for the key again. */
  asked(keyRow: number): void {
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(keyRow);
  }

  /** It has been fetched. `uses`: how often the key had been asked for again before. */
  stored(keyRow: number, uses: number): void {
    const { keys } = this.#directory();
    if (uses > 0) this.asked(keyRow);
    // It may have to go again before those that wait are written.
    else if (this.#unasked.take(keys.hashOf(keyRow), this.#remembered)) this.write(keyRow);
  }

  /** It leaves memory, after it has been asked for again so often. */
  leaves(keyRow: number, uses: number): void {
    if (uses > 0) this.write(keyRow);
    else this.#unasked.add(this.#directory().keys.hashOf(keyRow), this.#remembered);
  }

  /** All that is stored under the key, as it is now. */
  write(keyRow: number): void {
    const directory = this.#directory();
    const rows = directory.responsesOf(keyRow);
    const [first] = rows;
    if (first !== undefined) this.#lower.take(directory.keyOf(first), () => leaving(rows, directory));
  }

  forget(key: string): void {
    this.#lower.forget(key);
  }

  /** Until `signal` ends it. Then it writes what waits. */
  async run(clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.wait(PERIOD_MS, signal).catch((thrown: unknown) => {
        if (!signal.aborted) throw thrown;
      });
      await this.#writeWaiting(clock);
    }
  }

  get #remembered(): number {
    return Math.max(LEAST_REMEMBERED, REMEMBERED_A_KEY * this.#directory().objects);
  }

  async #writeWaiting(clock: Clock): Promise<void> {
    const waiting = new Set(this.#waiting);
    this.#waiting = [];
    const slice = new WorkSlice(clock);
    for (const keyRow of waiting) {
      // A copy of 1 MiB takes half a millisecond.
      if (slice.isOver(STEPS_A_KEY)) await slice.pause();
      if (this.#directory().keys.firstOf(keyRow) !== 0) this.write(keyRow);
    }
  }
}

// So that the clock is looked at before each.
const STEPS_A_KEY = 8;
