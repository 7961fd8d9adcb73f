/**
 * How many purge calls this edge takes: a bucket that holds a second's worth and is refilled steadily. A
 * burst passes; a flood does not.
 */
export class PurgeRate {
  readonly #perSecond: number;
  #left: number;
  /** When `#left` was true, in monotonic milliseconds. */
  #at: number;

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
    this.#at = now;
  }

  /** 0: the call is counted and may go on. Else it is not counted: milliseconds after which one will pass. */
  take(now: number): number {
    const refilled = ((now - this.#at) / 1_000) * this.#perSecond;
    this.#left = Math.min(this.#perSecond, this.#left + refilled);
    this.#at = now;
    if (this.#left < 1) return ((1 - this.#left) / this.#perSecond) * 1_000;
    this.#left -= 1;
    return 0;
  }
}
