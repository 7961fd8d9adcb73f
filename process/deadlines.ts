import type { Clock } from "./clock.ts";

interface Deadline {
  readonly due: number;
  readonly ms: number;
  fail(reason: Error): void;
}

/** Deadlines of much that is under way, for the price of one timer: most of them are never reached. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #ended: AbortSignal;
  readonly #running = new Set<Deadline>();
  /** What watches over all of them, and when it wakes next. */
  #watch = { wakesAt: Number.POSITIVE_INFINITY };

  /** Nothing is watched any more once `ended` aborts. */
  constructor(clock: Clock, ended: AbortSignal) {
    this.#clock = clock;
    this.#ended = ended;
  }

  /** What the work comes to; rejects once `ms` have passed without that. */
  async within<T>(work: Promise<T>, ms: number): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const deadline: Deadline = { due: this.#clock.monotonic() + ms, ms, fail: reject };
    this.#running.add(deadline);
    if (deadline.due < this.#watch.wakesAt) this.#watchFrom(deadline.due);
    try {
      return await Promise.race([work, promise]);
    } finally {
      this.#running.delete(deadline);
    }
  }

  /** Until none is left, or until another watches that wakes sooner. */
  async #watchFrom(first: number): Promise<void> {
    const watch = { wakesAt: first };
    this.#watch = watch;
    while (Number.isFinite(watch.wakesAt)) {
      const ms = Math.max(0, watch.wakesAt - this.#clock.monotonic());
      // The wait ends with the signal's reason when nothing is to be watched any more.
      await this.#clock.wait(ms, this.#ended).catch(() => undefined);
      if (this.#watch !== watch || this.#ended.aborted) return;
      watch.wakesAt = this.#failDue();
    }
  }

  /** Fails those that are due; returns when the next of the others is. */
  #failDue(): number {
    const now = this.#clock.monotonic();
    let next = Number.POSITIVE_INFINITY;
    for (const { due, ms, fail } of this.#running) {
      if (due <= now) fail(new Error(`no answer in ${ms} ms`));
      else next = Math.min(next, due);
    }
    return next;
  }
}
