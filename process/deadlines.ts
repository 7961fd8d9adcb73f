import type { Clock } from "./clock.ts";
import { type Place, Roster } from "./roster.ts";

/** A restartable timer. It expires unless it is stopped or restarted in time. */
export interface Deadline {
  start(): void;
  stop(): void;
}

interface Due {
  /** On the monotonic clock. */
  readonly at: number;
  readonly expired: () => void;
}

/**
 * Many deadlines for the price of one timer, since most of them are never reached. Deadlines of one length are due
 * in the order in which they were started, so that starting and stopping one costs the same however many run.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #ended: AbortSignal;
  /** By length in milliseconds: the running ones, the first one that is due first. */
  readonly #queues = new Map<number, Roster<Due>>();
  /** The wait for the next deadline. */
  #watch = { wakesAt: Number.POSITIVE_INFINITY };

  /** No deadline expires any more, and nothing is left waiting, once `ended` aborts. */
  constructor(clock: Clock, ended: AbortSignal) {
    this.#clock = clock;
    this.#ended = ended;
  }

  /** A deadline of this length that is not running yet. */
  deadline(ms: number, expired: () => void): Deadline {
    let place: Place<Due> | undefined;
    return {
      start: () => {
        place?.leave();
        place = this.#start(ms, expired);
      },
      stop: () => place?.leave(),
    };
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

  #start(ms: number, expired: () => void): Place<Due> | undefined {
    if (this.#ended.aborted) return undefined;
    const at = this.#clock.monotonic() + ms;
    const place = this.#queueOf(ms).add({ at, expired });
    if (at < this.#watch.wakesAt) void this.#watchFrom(at);
    return place;
  }

  #queueOf(ms: number): Roster<Due> {
    const known = this.#queues.get(ms);
    if (known !== undefined) return known;
    const queue = new Roster<Due>();
    this.#queues.set(ms, queue);
    return queue;
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
      for (let { first } = queue; first !== undefined && first.member.at <= now; first = queue.first) {
        first.leave();
        first.member.expired();
      }
    }
    // Afterwards, because a deadline that expires may start others.
    let next = Number.POSITIVE_INFINITY;
    for (const [ms, { first }] of this.#queues) {
      if (first === undefined) this.#queues.delete(ms);
      else next = Math.min(next, first.member.at);
    }
    return next;
  }
}
