import type { Clock } from "../../process/clock.ts";
import { describeError } from "../../process/failure.ts";
import type { Log } from "../../process/log.ts";
import type { Origin } from "./origin.ts";

// However many ask, an origin sees one connection a second for it.
const REMEMBERED_MS = 1_000;

// Orchestrators wait for 1 to 3 s, and take an edge out of service that has not answered by then. A connection to an
// origin on the other side of the world, with TLS, takes half a second.
const PATIENCE_MS = 750;

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
  #latest: { readonly at: number; readonly looked: Promise<void> } | undefined;
  /** The sites whose origins are being asked. */
  readonly #asked = new Set<string>();
  readonly #states = new Map<string, OriginState>();

  constructor(
    origins: ReadonlyMap<string, Pick<Origin, "probe">>,
    parts: { readonly clock: Clock; readonly log: Log },
  ) {
    this.#origins = origins;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  /** Looks at the start, so that the log tells of an origin before somebody asks for something there. */
  async begin(): Promise<void> {
    await this.#look();
  }

  /** As they were when somebody last asked, sorted by site. */
  get known(): readonly OriginState[] {
    return [...this.#origins.keys()].sort().flatMap((site) => this.#states.get(site) ?? []);
  }

  /** Of this second, sorted by site. An origin that takes longer than 750 ms stays as it was, or is unreachable. */
  async states(): Promise<readonly OriginState[]> {
    const now = this.#clock.monotonic();
    if (this.#latest === undefined || now - this.#latest.at >= REMEMBERED_MS)
      this.#latest = { at: now, looked: this.#look() };
    await this.#latest.looked;
    return this.known;
  }

  /** The names of the sites whose origin cannot be reached. The log says why. */
  async unreachable(): Promise<readonly string[]> {
    const states = await this.states();
    return states.filter(({ state }) => state === "unreachable").map(({ site }) => site);
  }

  async #look(): Promise<void> {
    for (const site of this.#states.keys()) if (!this.#origins.has(site)) this.#states.delete(site);
    const probes = [...this.#origins]
      .filter(([site]) => !this.#asked.has(site))
      .map(([site, origin]) => this.#ask(site, origin));
    const answered = new AbortController();
    const patience = this.#clock.wait(PATIENCE_MS, answered.signal).catch(() => undefined);
    await Promise.race([Promise.all(probes), patience]);
    answered.abort();
    for (const site of this.#asked)
      if (!this.#states.has(site)) this.#note(site, `no connection within ${PATIENCE_MS} ms`);
  }

  /** Never rejects. */
  async #ask(site: string, origin: Pick<Origin, "probe">): Promise<void> {
    this.#asked.add(site);
    const error = await origin.probe().then(() => undefined, describeError);
    this.#asked.delete(site);
    this.#note(site, error);
  }

  #note(site: string, error: string | undefined): void {
    const state = error === undefined ? "reachable" : "unreachable";
    const before = this.#states.get(site);
    if (before?.state !== state && error !== undefined)
      this.#log.warn({ site, cause: error }, "origin cannot be reached");
    const sinceMs = before?.state === state ? before.sinceMs : this.#clock.wall();
    this.#states.set(site, { site, state, sinceMs, error });
  }
}
