import type { Clock } from "../../process/clock.ts";
import { WorkSlice } from "../../process/work-slice.ts";
import type { Directory } from "./directory.ts";
import { leaving } from "./leaving.ts";
import type { LowerStore } from "./memory-store-options.ts";

// Two seconds of 50,000 keys a second. What comes beyond that is written when it leaves memory.
const MOST_WAITING = 100_000;

// A crash costs what was asked for again within it.
const PERIOD_MS = 100;

/**
 * Brings to the store below what is worth to be kept there: what was asked for again, soon after that, and what leaves
 * memory. What nobody asks for again is never written.
 */
export class WriteBehind {
  readonly #lower: LowerStore;
  readonly #directory: () => Directory;
  /** Rows of keys. Another key may have the row by now, which costs a write. */
  #waiting: number[] = [];

  constructor(lower: LowerStore, directory: () => Directory) {
    this.#lower = lower;
    this.#directory = directory;
  }

  /** Somebody has asked for the key again. */
  asked(keyRow: number): void {
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(keyRow);
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
