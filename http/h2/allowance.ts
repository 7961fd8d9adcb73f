import type { Rate } from "./bounds.ts";

/** How many more of something a client may send now. */
export class Allowance {
  readonly #rate: Rate;
  #left: number;
  #at: number;

  /** `now`: monotonic milliseconds. */
  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#left = rate.burst;
    this.#at = now;
  }

  /** Whether it may send this one. */
  take(now: number): boolean {
    const { burst, perSecond } = this.#rate;
    this.#left = Math.min(burst, this.#left + ((now - this.#at) / 1000) * perSecond);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  /** It has done something that explains so many more. */
  give(count: number): void {
    this.#left = Math.min(this.#rate.burst, this.#left + count);
  }
}
