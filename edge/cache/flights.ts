import { LRUCache } from "lru-cache";
import type { FillMark } from "../store/stored-response.ts";
import { Turnstile } from "./semaphore.ts";

/** One fill in flight for a key. */
export interface Flight<Result> {
  /** Undefined when the edge did not know its place in the purge log: then nobody may join (rule E4). */
  readonly mark: FillMark | undefined;
  readonly result: Promise<Result>;
  /** The result once the origin's fields have arrived. */
  arrived: Result | undefined;
  /** Resolves, whatever became of it, when no request can meet it any more. */
  readonly landed: Promise<void>;
}

// How long it is remembered that a key's responses are not to be shared, unless one turns out to be.
const APART_MS = 30_000;

// Keys of which that is remembered; of a forgotten one, requests wait for one fill too many.
const MOST_APART = 10_000;

// Rule E2: after a flush everything must be validated; the origin of a site is asked for this many at a time.
const MOST_REVALIDATIONS = 32;

/** The fills in flight: at most one a key that a request may join. */
export class Collapse<Result> {
  readonly #flights = new Map<string, Flight<Result>>();
  readonly #revalidations = new Map<string, Turnstile>();
  readonly #apart: LRUCache<string, number>;

  /** `mostApart`: keys of which it is remembered that their responses are not to be shared. */
  constructor(mostApart = MOST_APART) {
    this.#apart = new LRUCache({ max: mostApart });
  }

  /** Where fills of a site take their turn that validate what is no longer trusted. */
  revalidations(site: string): Turnstile {
    const there = this.#revalidations.get(site) ?? new Turnstile(MOST_REVALIDATIONS);
    this.#revalidations.set(site, there);
    return there;
  }

  /** Whether requests for the key had better not wait for one another: what came last could not be shared. */
  keptApart(key: string, now: number): boolean {
    return now < (this.#apart.get(key) ?? 0);
  }

  keepApart(key: string, now: number): void {
    this.#apart.set(key, now + APART_MS);
  }

  bringTogether(key: string): void {
    this.#apart.delete(key);
  }

  at(key: string): Flight<Result> | undefined {
    return this.#flights.get(key);
  }

  /** From now on requests for the key meet this flight, until `landed` settles or the result fails. */
  launch(
    key: string,
    mark: FillMark | undefined,
    result: Promise<Result>,
    landed: (result: Result) => Promise<unknown>,
  ): Flight<Result> {
    const landing = Promise.withResolvers<void>();
    const flight: Flight<Result> = { mark, result, arrived: undefined, landed: landing.promise };
    this.#flights.set(key, flight);
    const land = (): void => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
      landing.resolve();
    };
    result
      .then((arrived) => {
        flight.arrived = arrived;
        return landed(arrived);
      })
      .then(land, land);
    return flight;
  }
}
