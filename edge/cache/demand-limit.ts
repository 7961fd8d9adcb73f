// A person who reloads a page gets a new one; a program that repeats it costs the origin one request a second.
const APART_MS = 1_000;

// Keys that fall together share one demand a second. The table takes 512 KiB, whatever clients ask for.
const PLACES = 2 ** 16;

/** Lets each key through to the origin once a second, for clients that want nothing from the store. */
export class DemandLimit {
  readonly #last = new Float64Array(PLACES).fill(Number.NEGATIVE_INFINITY);

  /** Whether the demand is met. `now` in milliseconds of the monotonic clock. */
  take(key: string, now: number): boolean {
    const place = placeOf(key);
    if (now - (this.#last[place] ?? 0) < APART_MS) return false;
    this.#last[place] = now;
    return true;
  }
}

/** FNV-1a (RFC 9923): any spread will do, because nothing but this limit depends on it. */
function placeOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % PLACES;
}
