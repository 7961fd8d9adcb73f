import { LRUCache } from "lru-cache";
import type { NotStored } from "../rules/not-stored.ts";

// Until a response turns out to be shareable, or for this long.
const REMEMBERED_MS = 30_000;

// When a key is forgotten, its requests wait for one fill too many.
const MOST_KEYS = 10_000;

/**
 * Keys whose last response could not be shared. Requests for them do not wait for one another, because each would have
 * to ask the origin for itself afterwards. Varnish calls it hit-for-miss.
 */
export class HitForMiss {
  readonly #marks: LRUCache<string, { readonly until: number; readonly reason: NotStored | undefined }>;

  constructor(mostKeys = MOST_KEYS) {
    this.#marks = new LRUCache({ max: mostKeys });
  }

  /** `reason`: why the response is not stored. `now` in milliseconds of the monotonic clock. */
  mark(key: string, reason: NotStored | undefined, now: number): void {
    this.#marks.set(key, { until: now + REMEMBERED_MS, reason });
  }

  is(key: string, now: number): boolean {
    return now < (this.#marks.get(key)?.until ?? 0);
  }

  /** Why the last response for the key was not stored, for as long as that is remembered. */
  reason(key: string, now: number): NotStored | undefined {
    const mark = this.#marks.peek(key);
    return mark !== undefined && now < mark.until ? mark.reason : undefined;
  }

  /** The latest of the keys that `matches` takes. */
  find(matches: (key: string) => boolean): string | undefined {
    return this.#marks.keys().find(matches);
  }

  clear(key: string): void {
    this.#marks.delete(key);
  }
}
