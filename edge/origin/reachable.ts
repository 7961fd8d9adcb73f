import type { Clock } from "../../process/clock.ts";
import { describeError } from "../../process/failure.ts";
import type { Log } from "../../process/log.ts";
import type { Origin } from "./origin.ts";

// However many ask, an origin sees one connection a second for it.
const REMEMBERED_MS = 1_000;

/** Which origins can be reached, as asked at most once a second. */
export class ReachableOrigins {
  readonly #origins: ReadonlyMap<string, Pick<Origin, "probe">>;
  readonly #clock: Clock;
  readonly #log: Log;
  #latest: { readonly at: number; readonly unreachable: Promise<readonly string[]> } | undefined;
  #told: readonly string[] = [];

  constructor(
    origins: ReadonlyMap<string, Pick<Origin, "probe">>,
    parts: { readonly clock: Clock; readonly log: Log },
  ) {
    this.#origins = origins;
    this.#clock = parts.clock;
    this.#log = parts.log;
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
    for (const [site, thrown] of causes) {
      if (this.#told.includes(site)) continue;
      this.#log.warn({ site, cause: describeError(thrown) }, "origin cannot be reached");
    }
    this.#told = [...causes.keys()].sort();
    return this.#told;
  }
}
