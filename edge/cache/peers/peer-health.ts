/** How long an edge waits for a first sign of another one before it asks the origin beside it, in milliseconds. */
export const LEAST_DELAY_MS = 50;
export const MOST_DELAY_MS = 1_000;
/** Of so many signs the delay is made. More of them would remember a bad minute for long. */
const SAMPLES = 64;
/** One of twenty answers may be later than that. */
const PERCENTILE = 0.95;
/** An edge that gave no answer is left alone for this long: its row in the heartbeat table may live as long. */
export const REST_MS = 3_000;

/** What this edge has seen of another one. */
export class PeerHealth {
  readonly #signs: number[] = [];
  #next = 0;
  #restsUntil = Number.NEGATIVE_INFINITY;

  /** It has answered, or said that it will, after so many milliseconds. */
  answered(afterMs: number): void {
    this.#signs[this.#next] = afterMs;
    this.#next = (this.#next + 1) % SAMPLES;
    this.#restsUntil = Number.NEGATIVE_INFINITY;
  }

  failed(now: number): void {
    this.#restsUntil = now + REST_MS;
  }

  /** Whether it may be asked at `now`. */
  mayBeAsked(now: number): boolean {
    return now >= this.#restsUntil;
  }

  /** Milliseconds without a sign after which the origin is asked beside it. */
  get delayMs(): number {
    if (this.#signs.length === 0) return MOST_DELAY_MS;
    const sorted = this.#signs.toSorted((a, b) => a - b);
    const late = sorted[Math.ceil(sorted.length * PERCENTILE) - 1] ?? MOST_DELAY_MS;
    return Math.min(MOST_DELAY_MS, Math.max(LEAST_DELAY_MS, late));
  }
}
