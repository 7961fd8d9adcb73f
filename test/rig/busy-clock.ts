import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../process/clock.ts";

/** A clock for work that takes time: it goes on by `lookMs` at each look at it. Waits end in later turns of the event loop. */
export class BusyClock implements Clock {
  readonly #lookMs: number;
  readonly #over = new AbortController();
  #now = 0;
  /** The most that passed within one turn of the event loop. */
  longestTurnMs = 0;

  constructor(lookMs: number) {
    this.#lookMs = lookMs;
    this.#watch();
  }

  wall(): number {
    return 1_800_000_000_000 + this.#now;
  }

  monotonic(): number {
    this.#now += this.#lookMs;
    return this.#now;
  }

  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    const end = this.#now + ms;
    do {
      await turn();
      signal?.throwIfAborted();
      this.#over.signal.throwIfAborted();
    } while (this.monotonic() < end);
  }

  /** Ends every wait. */
  stop(): void {
    this.#over.abort();
  }

  async #watch(): Promise<void> {
    for (let before = this.#now; !this.#over.signal.aborted; before = this.#now) {
      await turn();
      this.longestTurnMs = Math.max(this.longestTurnMs, this.#now - before);
    }
  }
}
