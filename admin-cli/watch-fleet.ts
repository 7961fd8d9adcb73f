import type { Clock } from "../process/clock.ts";
import { Failure } from "../process/failure.ts";
import type { EdgeStats } from "../proto/gen/edgecache/v1/edge.ts";
import { connectEdge } from "./client.ts";
import { type Asked, askFleet, countersOf, type FleetAccess } from "./fleet.ts";
import type { Proof } from "./proof.ts";

// A stream on a silent connection is closed and opened again after this.
const STREAM_MS = 10_000;
// An edge that has not reported for this many periods is unreachable.
const SILENT_PERIODS = 3;
// So a figure on the screen is at most half a period old.
const REPORTS_PER_PERIOD = 2;
// Changes of the fleet are noticed after this many periods.
const PERIODS_PER_SURVEY = 5;

/**
 * The counters of every edge, at once and then every period, until `signal` aborts. Each edge reports on its
 * own WatchStats stream. Any edge that answers gives the list of edges, now and then.
 * Throws a Failure when no edge answers at the start, never later.
 */
export async function* watchFleet(
  access: FleetAccess,
  periodMs: number,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Asked<EdgeStats>[]> {
  const { addresses, proof } = access;
  const manner = { proof, periodMs, clock };
  let fleet = await askFleet(access, countersOf);
  let followed = follow(fleet, new Map(), manner);
  const leaving = new AbortController();
  const surveys = (async () => {
    const end = AbortSignal.any([signal, leaving.signal]);
    while (await passed(clock, periodMs * PERIODS_PER_SURVEY, end)) {
      const known = fleet.map(({ address }) => address);
      const survey = await orUndefined(askFleet({ addresses: [...addresses, ...known], proof }, countersOf));
      if (survey === undefined || end.aborted) continue;
      fleet = survey;
      followed = follow(fleet, followed, manner);
    }
  })();
  try {
    do {
      yield fleet.map((asked) => ({ ...asked, answer: followed.get(placeOf(asked))?.latest() }));
    } while (await passed(clock, periodMs, signal));
  } finally {
    leaving.abort();
    for (const reports of followed.values()) reports.stop();
    await surveys;
  }
}

/** How to call each edge. */
interface Manner extends Pick<FleetAccess, "proof"> {
  readonly periodMs: number;
  readonly clock: Clock;
}

/** The streams to these edges. Reuses one of `before` if edge and address are the same. */
function follow(
  fleet: readonly Asked<EdgeStats>[],
  before: ReadonlyMap<string, EdgeReports>,
  manner: Manner,
): Map<string, EdgeReports> {
  const followed = new Map<string, EdgeReports>();
  for (const asked of fleet) {
    followed.set(placeOf(asked), before.get(placeOf(asked)) ?? new EdgeReports(asked, manner));
  }
  for (const [place, reports] of before) {
    if (!followed.has(place)) reports.stop();
  }
  return followed;
}

function placeOf({ edge, address }: Asked<EdgeStats>): string {
  return `${edge.edge} ${address}`;
}

/** The reports of one edge at one address. Opens a new stream when one ends. */
class EdgeReports {
  readonly #leaving = new AbortController();
  readonly #proof: Proof;
  readonly #clock: Clock;
  readonly #patienceMs: number;
  #latest: { readonly stats: EdgeStats; readonly at: number } | undefined;

  constructor({ edge, address, answer }: Asked<EdgeStats>, { proof, periodMs, clock }: Manner) {
    this.#proof = proof;
    this.#clock = clock;
    this.#patienceMs = periodMs * SILENT_PERIODS;
    if (answer !== undefined) this.#latest = { stats: answer, at: clock.monotonic() };
    void this.#follow(edge.edge, address, periodMs);
  }

  /** The last report; undefined when the edge is unreachable. */
  latest(): EdgeStats | undefined {
    if (this.#latest === undefined) return undefined;
    return this.#clock.monotonic() - this.#latest.at <= this.#patienceMs ? this.#latest.stats : undefined;
  }

  stop(): void {
    this.#leaving.abort();
  }

  async #follow(edge: string, address: string, periodMs: number): Promise<void> {
    const { signal } = this.#leaving;
    do {
      const client = connectEdge(address, this.#proof);
      try {
        for await (const stats of client.watchStats(periodMs / REPORTS_PER_PERIOD, STREAM_MS, signal)) {
          // Another edge may now have the address of one that is gone.
          if (stats.edge === edge) this.#latest = { stats, at: this.#clock.monotonic() };
        }
      } catch (thrown) {
        if (!(thrown instanceof Failure)) throw thrown;
        // The stream has reached its deadline, which says nothing about the edge.
        if (thrown.code !== "no-answer") this.#latest = undefined;
      } finally {
        client.close();
      }
    } while (await passed(this.#clock, periodMs, signal));
  }
}

/** Waits; false when `signal` aborted first. */
async function passed(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.wait(ms, signal);
    return true;
  } catch (thrown) {
    if (signal.aborted) return false;
    throw thrown;
  }
}

/** The value; undefined when the call failed in an expected way. */
async function orUndefined<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (thrown) {
    if (thrown instanceof Failure) return undefined;
    throw thrown;
  }
}
