// Envoy's and Finagle's default: a fifth more requests is a load that edges sized with any reserve can carry.
const PER_REQUEST = 0.2;

// A router with little traffic has earned nothing yet when its first edge fails; ten a second break no edge.
const FLOOR_PER_MS = 10 / 1000;
const FLOOR = 100;

// When a busy edge dies, everything under way there turns to the next at once; that many clients can be connected.
const MOST = 4096;

/**
 * How many more times than asked the edges may be asked, retries and hedges alike: a token bucket. Every
 * request earns a part of a token, time fills the bucket up to a floor, each retry takes a token. In any span it
 * grants at most MOST + requests × 20 % + seconds × 10. Instants are monotonic milliseconds.
 */
export class RetryBudget {
  #tokens = FLOOR;
  #filledAt: number;

  constructor(now: number) {
    this.#filledAt = now;
  }

  /** A client has sent a request. */
  request(): void {
    if (this.#tokens < MOST) this.#tokens += PER_REQUEST;
  }

  /** Whether one more try may be made now; if so, it has been paid for. */
  take(now: number): boolean {
    const earned = (now - this.#filledAt) * FLOOR_PER_MS;
    this.#filledAt = now;
    if (this.#tokens < FLOOR) this.#tokens = Math.min(FLOOR, this.#tokens + earned);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
