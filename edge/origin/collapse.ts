import type { FillMark } from "../store/fill-mark.ts";

/** One fill in flight for a key. */
export interface Flight<Result> {
  /** Undefined when the edge did not know its place in the purge log: then nobody may join (rule E4). */
  readonly mark: FillMark | undefined;
  readonly result: Promise<Result>;
  /** The result once the origin's fields have arrived. */
  arrived: Result | undefined;
}

/** The fills in flight: at most one a key that a request may join. */
export class Collapse<Result> {
  readonly #flights = new Map<string, Flight<Result>>();

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
    const flight: Flight<Result> = { mark, result, arrived: undefined };
    this.#flights.set(key, flight);
    const land = (): void => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
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
