import type { Clock } from "../../process/clock.ts";
import { Semaphore } from "./semaphore.ts";

// Rule E2: after a flush everything must be validated. The origin of a site is asked for this many at a time.
const MOST_AT_ONCE = 32;

// As many as an edge has connections of clients.
const MOST_WAITING = 4_000;

// An origin may take 30 s to begin its answer, and a router waits 40 s for that of an edge.
const PATIENCE_MS = 10_000;

/**
 * Rule E2: after a flush, a soft purge or the end of a lease, a site's responses are validated so many at a time, so
 * that its origin survives.
 */
export class RevalidationLimit {
  readonly #clock: Clock;
  readonly #bySite = new Map<string, Semaphore>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(site: string): Semaphore {
    const known = this.#bySite.get(site);
    if (known !== undefined) return known;
    const semaphore = new Semaphore(MOST_AT_ONCE, MOST_WAITING, PATIENCE_MS, this.#clock);
    this.#bySite.set(site, semaphore);
    return semaphore;
  }
}
