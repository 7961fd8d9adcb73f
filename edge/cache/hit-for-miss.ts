import { LRUCache } from "lru-cache";

// Until a response turns out to be shareable, or for this long.
const REMEMBERED_MS = 30_000;

// When a key is forgotten, its requests wait for one fill too many.
const MOST_KEYS = 10_000;

/**
 * Keys whose last response could not be shared. Requests for them do not wait for one another, because each would have
 * to ask the origin for itself afterwards. Varnish calls it hit-for-miss.
 */
export class HitForMiss {
  readonly #until: LRUCache<string, number>;

  constructor(mostKeys = MOST_KEYS) {
    this.#until = new LRUCache({ max: mostKeys });
  }

  /** `now` in milliseconds of the monotonic clock. */
  mark(key: string, now: number): void {
    this.#until.set(key, now + REMEMBERED_MS);
  }

  is(key: string, now: number): boolean {
    return now < (this.#until.get(key) ?? 0);
  }

  clear(key: string): void {
    this.#until.delete(key);
  }
}
