// Envoy's and Finagle's default: edges with any reserve can carry a fifth more requests.
const PER_REQUEST = 0.2;

// A router with little traffic has earned no tokens when its first edge fails. Ten retries a second harm no edge.
const FLOOR_PER_MS = 10 / 1000;
const FLOOR = 100;

// When a busy edge dies, all its requests in flight are retried at once. As many clients can be connected.
const MOST = 4096;

/**
 * A token bucket that limits retries and hedges. Every request earns a part of a token, time fills the bucket up to a
 * floor, and each retry takes a token. In any span it grants at most MOST + requests × 20 % + seconds × 10. Instants are monotonic milliseconds.
 */
export class RetryBudget {
  #tokens = FLOOR;
  #filledAt: number;

  constructor(now: number) {
    this.#filledAt = now;
  }

  /** Call it for each request of a client. */
  request(): void {
    if (this.#tokens < MOST) this.#tokens += PER_REQUEST;
  }

  /** Takes a token. False: there is none, so no retry is allowed. */
  take(now: number): boolean {
    const earned = (now - this.#filledAt) * FLOOR_PER_MS;
    this.#filledAt = now;
    if (this.#tokens < FLOOR) this.#tokens = Math.min(FLOOR, this.#tokens + earned);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
