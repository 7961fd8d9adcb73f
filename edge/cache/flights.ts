import type { TraceContext } from "../../process/tracing/trace-context.ts";
import { GiveUp, type GiveUpSignal } from "../origin/give-up.ts";
import type { FillMark } from "../store/stored-response.ts";

/** One fill in flight for a key. */
export interface Flight<Result> {
  /**
   * Where in the history of purges it began. undefined: it waits for its turn, and every request may join it. Its `mark`
   * is undefined when the edge did not know its place in the purge log.
   */
  readonly began: { readonly mark: FillMark | undefined } | undefined;
  readonly result: Promise<Result>;
  /** The result, once the origin's fields have arrived. */
  readonly arrived: Result | undefined;
  /** Resolves, whatever the outcome, when no request can meet the flight any more. */
  readonly finished: Promise<void>;
  readonly waiters: Waiters;
  /** The client whose place at the origin the fill takes; undefined: the edge itself. */
  readonly client: string | undefined;
  /** Whether another edge is asked first. What an edge asks must not wait for what this one asks of an edge. */
  readonly viaPeer: boolean;
  /** The span of the fill; undefined: it has none. */
  readonly trace: TraceContext | undefined;
}

/** How a flight begins, and how long requests can meet it. */
export interface Launch<Result> {
  readonly viaPeer?: boolean;
  readonly client?: string | undefined;
  readonly trace?: TraceContext | undefined;
  /** Aborted when the client of the request that launches it leaves; undefined for a request that stays. */
  readonly left: GiveUpSignal | undefined;
  /**
   * Is called at once, and calls `began` when it asks the origin. `abandoned` is aborted when the clients of all requests
   * that wait have left.
   */
  readonly fetch: (abandoned: GiveUpSignal, began: (mark: FillMark | undefined) => void) => Promise<Result>;
  /** Settles when the result has arrived whole. */
  readonly whole: (result: Result) => Promise<unknown>;
}

/** Empty when the flight is over: an abandoned table of the map may live longer than what was in flight, see Roster. */
interface Slot<Result> {
  flight: Flight<Result> | undefined;
}

/** The fills in flight: at most one a key that a request may join. */
export class Flights<Result> {
  readonly #byKey = new Map<string, Slot<Result>>();

  at(key: string): Flight<Result> | undefined {
    return this.#byKey.get(key)?.flight;
  }

  /** From now on requests for the key meet this flight, until it has arrived whole or has failed. */
  launch(key: string, { whole, ...launch }: Launch<Result>): Flight<Result> {
    const flight = new Launched(launch);
    const slot: Slot<Result> = { flight };
    this.#byKey.set(key, slot);
    const finish = (): void => {
      slot.flight = undefined;
      if (this.#byKey.get(key) === slot) this.#byKey.delete(key);
      flight.finish();
    };
    flight.result
      .then((filled) => {
        flight.arrived = filled;
        return whole(filled);
      })
      .then(finish, finish);
    return flight;
  }
}

// No object literal with getters: it has a shape of its own, which keeps it until the next full collection.
class Launched<Result> implements Flight<Result> {
  readonly result: Promise<Result>;
  readonly waiters = new Waiters();
  readonly client: string | undefined;
  readonly trace: TraceContext | undefined;
  readonly viaPeer: boolean;
  readonly #finished = Promise.withResolvers<void>();
  #began: Flight<Result>["began"];
  arrived: Result | undefined;

  constructor({ client, trace, left, fetch, viaPeer = false }: Omit<Launch<Result>, "whole">) {
    this.client = client;
    this.trace = trace;
    this.viaPeer = viaPeer;
    this.waiters.add(left);
    this.result = fetch(this.waiters.abandoned, (mark) => {
      this.#began = { mark };
    });
  }

  get began(): Flight<Result>["began"] {
    return this.#began;
  }

  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  finish(): void {
    this.#finished.resolve();
  }
}

/** The requests that wait for one flight. */
class Waiters {
  readonly #abandoned = new GiveUp();
  #waiting = 0;

  /** Aborted when all have left. */
  get abandoned(): GiveUpSignal {
    return this.#abandoned;
  }

  /** `left` is aborted when the client leaves; undefined for a request that stays, such as one of the edge itself. */
  add(left: GiveUpSignal | undefined): void {
    this.#waiting += 1;
    if (left?.aborted === true) this.#leave();
    else left?.addEventListener("abort", () => this.#leave(), { once: true });
  }

  #leave(): void {
    this.#waiting -= 1;
    if (this.#waiting === 0) this.#abandoned.abort();
  }
}
