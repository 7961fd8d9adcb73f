import type { Clock } from "../../process/clock.ts";

/** A span that may be started again and again; it expires when it was not stopped, or started anew, in time. */
export interface Deadline {
  start(): void;
  stop(): void;
}

interface Entry {
  readonly expired: () => void;
}

/**
 * Deadlines of one length, of which many run at a time. Starting and stopping cost no timer: since all are equally
 * long, they are due in the order in which they were started, and one wait, for the first, is enough.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #closing = new AbortController();
  /** When each running one is due on the monotonic clock; the first one first. */
  readonly #due = new Map<Entry, number>();
  #watching = false;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  /** Their length in milliseconds. */
  get ms(): number {
    return this.#ms;
  }

  /** A deadline that is not running yet. */
  deadline(expired: () => void): Deadline {
    const entry: Entry = { expired };
    return { start: () => this.#start(entry), stop: () => this.#due.delete(entry) };
  }

  /** None expires any more, and nothing is left waiting. */
  close(): void {
    this.#due.clear();
    this.#closing.abort();
  }

  #start(entry: Entry): void {
    if (this.#closing.signal.aborted) return;
    // Taken out first, because a map keeps a known key in its old place.
    this.#due.delete(entry);
    this.#due.set(entry, this.#clock.monotonic() + this.#ms);
    if (!this.#watching) void this.#watch();
  }

  async #watch(): Promise<void> {
    this.#watching = true;
    for (let [first] = this.#due; first !== undefined; [first] = this.#due) {
      const [entry, due] = first;
      const left = due - this.#clock.monotonic();
      if (left > 0) await this.#wait(left);
      else {
        this.#due.delete(entry);
        entry.expired();
      }
    }
    this.#watching = false;
  }

  /** Ends early when it is closed. */
  async #wait(ms: number): Promise<void> {
    try {
      await this.#clock.wait(ms, this.#closing.signal);
    } catch (error) {
      if (!this.#closing.signal.aborted) throw error;
    }
  }
}
