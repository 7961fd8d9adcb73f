import { hashOf } from "../../process/text-hash.ts";

// A person who reloads a page gets a new one; a program that repeats it costs the origin one request a second.
const APART_MS = 1_000;

// Keys that fall together share one demand a second. The table takes 512 KiB, whatever clients ask for.
const PLACES = 2 ** 16;

/** Lets each key through to the origin once a second, for clients that want nothing from the store. */
export class DemandLimit {
  readonly #last = new Float64Array(PLACES).fill(Number.NEGATIVE_INFINITY);

  /** Whether the demand is met. `now` in milliseconds of the monotonic clock. */
  take(key: string, now: number): boolean {
    // Nothing but this limit depends on it, so it need not be secret.
    const place = (hashOf(key, 0) >>> 0) % PLACES;
    if (now - (this.#last[place] ?? 0) < APART_MS) return false;
    this.#last[place] = now;
    return true;
  }
}
