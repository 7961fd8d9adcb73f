import type { Clock } from "../../process/clock.ts";

// When the load falls, so many requests may pass before the clock is looked at again.
const MOST_SKIPPED = 63;

// So many seconds' worth may come at once: what belongs together often does.
const BURST_SECONDS = 1;

/** Picks up to so many requests a second. Most of the others cost a subtraction. */
export class RequestSampler {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #aSecond: number;
  #left: number;
  #lookedAt: number;
  /** Requests for which the clock is not looked at. */
  #skip = 0;
  #lastSkip = 0;
  #since = 0;

  constructor(clock: Pick<Clock, "monotonic">, aSecond: number) {
    this.#clock = clock;
    this.#aSecond = aSecond;
    this.#left = aSecond * BURST_SECONDS;
    this.#lookedAt = clock.monotonic();
  }

  /** For each request: 0, or for how many it stands, itself and those since the last one that was picked. */
  pick(): number {
    if (this.#skip > 0) {
      this.#skip -= 1;
      return 0;
    }
    return this.#look();
  }

  #look(): number {
    this.#since += 1 + this.#lastSkip;
    const now = this.#clock.monotonic();
    const come = ((now - this.#lookedAt) / 1_000) * this.#aSecond;
    this.#left = Math.min(this.#aSecond * BURST_SECONDS, this.#left + come);
    this.#lookedAt = now;
    if (this.#left < 1) {
      this.#lastSkip = Math.min(MOST_SKIPPED, 2 * this.#lastSkip + 1);
      this.#skip = this.#lastSkip;
      return 0;
    }
    this.#left -= 1;
    this.#lastSkip = 0;
    const stood = this.#since;
    this.#since = 0;
    return stood;
  }
}
