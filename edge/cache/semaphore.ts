import type { Clock } from "../../process/clock.ts";
import { Failure } from "../../process/failure.ts";
import type { GiveUpSignal } from "../origin/give-up.ts";
import { clientLeft, waitInLine } from "./waiting-line.ts";

/** Runs at most so many tasks at once. Others wait in the order in which they came: so many, for a limited time. */
export class Semaphore {
  readonly #mostWaiting: number;
  readonly #limit: number;
  readonly #patienceMs: number;
  readonly #clock: Clock;
  /** Each of them begins one task that waits, in order. */
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(limit: number, mostWaiting: number, patienceMs: number, clock: Clock) {
    this.#limit = limit;
    this.#mostWaiting = mostWaiting;
    this.#patienceMs = patienceMs;
    this.#clock = clock;
  }

  /** Whether a task that comes now need not wait. */
  get hasRoom(): boolean {
    return this.#running < this.#limit;
  }

  /** Throws a Failure instead of running a task that finds the line full, has waited too long, or for which `left` is aborted before. */
  async run<T>(task: () => Promise<T>, left?: GiveUpSignal): Promise<T> {
    if (left?.aborted === true) throw clientLeft();
    if (this.hasRoom) this.#running += 1;
    else await this.#turn(left);
    try {
      return await task();
    } finally {
      // The place goes to the next in line, so that no task that comes now takes it first.
      const [next] = this.#waiting;
      if (next === undefined) this.#running -= 1;
      else {
        this.#waiting.delete(next);
        next();
      }
    }
  }

  async #turn(left: GiveUpSignal | undefined): Promise<void> {
    if (this.#waiting.size >= this.#mostWaiting) throw this.#full(`${this.#waiting.size} others wait`);
    const turn = Promise.withResolvers<void>();
    this.#waiting.add(turn.resolve);
    await waitInLine(turn.promise, { ms: this.#patienceMs, left }, this.#clock);
    // No longer in line: it has been given a place.
    if (!this.#waiting.delete(turn.resolve)) return;
    if (left?.aborted === true) throw clientLeft();
    throw this.#full(`waited ${this.#patienceMs} ms`);
  }

  #full(why: string): Failure {
    const what = `${why} behind ${this.#limit} requests that the origin has not answered`;
    return new Failure("connection_limit_reached", "origin", what);
  }
}
