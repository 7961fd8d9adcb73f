import { RefillQueue } from "./refill-queue.ts";

// Half of the places that validations of a site have (rule E2), so that clients always find some of the others free.
const MOST_IN_FLIGHT = 16;

// An origin in trouble is left alone for this long, and twice as long after each further failure.
const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 60_000;

/** The refill of one site: what waits, how much is under way, how its origin bears it. Times are monotonic. */
export class RefillLane {
  readonly queue = new RefillQueue();
  #inFlight = 0;
  /** Failures in a row, those of requests that went out together counted once. */
  #failures = 0;
  #restsUntil = Number.NEGATIVE_INFINITY;

  /** Milliseconds until one more may be asked for; undefined: not before one that is under way has come back. */
  restMs(now: number): number | undefined {
    // After a rest one request shows whether the trouble is over.
    if (this.#inFlight >= (this.#failures === 0 ? MOST_IN_FLIGHT : 1)) return undefined;
    return Math.max(0, this.#restsUntil - now);
  }

  started(): void {
    this.#inFlight += 1;
  }

  answered(): void {
    this.#inFlight -= 1;
    this.#failures = 0;
  }

  failed(now: number): void {
    this.#inFlight -= 1;
    if (now < this.#restsUntil) return;
    this.#restsUntil = now + Math.min(FIRST_REST_MS * 2 ** this.#failures, LONGEST_REST_MS);
    this.#failures += 1;
  }
}
