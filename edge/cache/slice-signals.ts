import { GiveUp, type GiveUpSignal } from "../origin/give-up.ts";

// The slice that the client reads, and the one ahead.
const IN_USE = 2;

/**
 * Tells the fills of an answer's slices that the client has left. Each has a signal of its own: what waits for the client's
 * keeps the slice in memory, and an answer may have a hundred thousand of them.
 */
export class SliceSignals {
  readonly #left: GiveUpSignal | undefined;
  #inUse: readonly GiveUp[] = [];

  constructor(left: GiveUpSignal | undefined) {
    this.#left = left;
    left?.addEventListener("abort", () => {
      for (const each of this.#inUse) each.abort(left.reason);
    });
  }

  /** For the next slice. Those before the last one have been read. */
  next(): GiveUpSignal | undefined {
    if (this.#left === undefined || this.#left.aborted) return this.#left;
    const own = new GiveUp();
    this.#inUse = [...this.#inUse, own].slice(-IN_USE);
    return own;
  }
}
