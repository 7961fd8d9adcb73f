import type { Clock } from "../../process/clock.ts";
import { describeError } from "../../process/failure.ts";
import type { Log } from "../../process/log.ts";
import type { Origin } from "./origin.ts";

// However many ask, an origin sees one connection a second for it.
const REMEMBERED_MS = 1_000;

/** What is known of the origin of a site. */
export interface OriginState {
  readonly site: string;
  readonly state: "reachable" | "unreachable";
  /** Wall time in milliseconds at which this state was first seen. */
  readonly sinceMs: number;
  /** Why it cannot be reached; undefined when it can. */
  readonly error: string | undefined;
}

/** Which origins can be reached, as asked at most once a second. */
export class ReachableOrigins {
  readonly #origins: ReadonlyMap<string, Pick<Origin, "probe">>;
  readonly #clock: Clock;
  readonly #log: Log;
  #latest: { readonly at: number; readonly unreachable: Promise<readonly string[]> } | undefined;
  #states: ReadonlyMap<string, OriginState> = new Map();

  constructor(
    origins: ReadonlyMap<string, Pick<Origin, "probe">>,
    parts: { readonly clock: Clock; readonly log: Log },
  ) {
    this.#origins = origins;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  /** As they were when somebody last asked, sorted by site. */
  get known(): readonly OriginState[] {
    return [...this.#states.values()];
  }

  /** Of this second, sorted by site. */
  async states(): Promise<readonly OriginState[]> {
    await this.unreachable();
    return this.known;
  }

  /** The names of the sites whose origin cannot be reached. The log says why. */
  unreachable(): Promise<readonly string[]> {
    const now = this.#clock.monotonic();
    if (this.#latest === undefined || now - this.#latest.at >= REMEMBERED_MS) {
      this.#latest = { at: now, unreachable: this.#probe() };
    }
    return this.#latest.unreachable;
  }

  async #probe(): Promise<readonly string[]> {
    const causes = new Map<string, unknown>();
    await Promise.all(
      [...this.#origins].map(([site, origin]) =>
        origin.probe().catch((thrown: unknown) => void causes.set(site, thrown)),
      ),
    );
    const states = [...this.#origins.keys()].sort().map((site): OriginState => {
      const state = causes.has(site) ? "unreachable" : "reachable";
      const before = this.#states.get(site);
      const error = causes.has(site) ? describeError(causes.get(site)) : undefined;
      if (before?.state === state) return { ...before, error };
      if (error !== undefined) this.#log.warn({ site, cause: error }, "origin cannot be reached");
      return { site, state, sinceMs: this.#clock.wall(), error };
    });
    this.#states = new Map(states.map((each) => [each.site, each]));
    return states.filter(({ state }) => state === "unreachable").map(({ site }) => site);
  }
}
