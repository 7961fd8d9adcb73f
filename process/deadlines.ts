import type { Clock } from "./clock.ts";

/** A restartable timer. It expires unless it is stopped or restarted in time. */
export interface Deadline {
  start(): void;
  stop(): void;
}

interface Entry {
  readonly expired: () => void;
}

/**
 * Many deadlines for the price of one timer, since most of them are never reached. Deadlines of one length are due
 * in the order in which they were started, so that starting and stopping one costs the same however many run.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #ended: AbortSignal;
  /** By length in milliseconds: the running ones and when each is due on the monotonic clock, the first one first. */
  readonly #queues = new Map<number, Map<Entry, number>>();
  /** The wait for the next deadline. */
  #watch = { wakesAt: Number.POSITIVE_INFINITY };

  /** No deadline expires any more, and nothing is left waiting, once `ended` aborts. */
  constructor(clock: Clock, ended: AbortSignal) {
    this.#clock = clock;
    this.#ended = ended;
  }

  /** A deadline of this length that is not running yet. */
  deadline(ms: number, expired: () => void): Deadline {
    const entry: Entry = { expired };
    return { start: () => this.#start(ms, entry), stop: () => this.#queues.get(ms)?.delete(entry) };
  }

  /** The outcome of the work; rejects once `ms` have passed without one. */
  async within<T>(work: Promise<T>, ms: number): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const deadline = this.deadline(ms, () => reject(new Error(`no answer in ${ms} ms`)));
    deadline.start();
    try {
      return await Promise.race([work, promise]);
    } finally {
      deadline.stop();
    }
  }

  #start(ms: number, entry: Entry): void {
    if (this.#ended.aborted) return;
    const due = this.#clock.monotonic() + ms;
    const queue = this.#queues.get(ms) ?? new Map<Entry, number>();
    this.#queues.set(ms, queue);
    // Taken out first, because a map keeps a known key in its old place.
    queue.delete(entry);
    queue.set(entry, due);
    if (due < this.#watch.wakesAt) void this.#watchFrom(due);
  }

  /** Until no deadline runs, or until another watch begins that wakes sooner. */
  async #watchFrom(first: number): Promise<void> {
    const watch = { wakesAt: first };
    this.#watch = watch;
    while (Number.isFinite(watch.wakesAt)) {
      const ms = Math.max(0, watch.wakesAt - this.#clock.monotonic());
      // The wait is cut short when the deadlines end.
      await this.#clock.wait(ms, this.#ended).catch(() => undefined);
      if (this.#watch !== watch || this.#ended.aborted) return;
      watch.wakesAt = this.#expireDue();
    }
  }

  /** Expires the deadlines that are due; returns when the next of the others is. */
  #expireDue(): number {
    const now = this.#clock.monotonic();
    for (const queue of this.#queues.values()) {
      for (const [entry, due] of queue) {
        if (due > now) break;
        queue.delete(entry);
        entry.expired();
      }
    }
    // Afterwards, because a deadline that expires may start others.
    let next = Number.POSITIVE_INFINITY;
    for (const [ms, queue] of this.#queues) {
      const [first] = queue.values();
      if (first === undefined) this.#queues.delete(ms);
      else next = Math.min(next, first);
    }
    return next;
  }
}
