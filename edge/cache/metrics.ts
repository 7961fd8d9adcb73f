import { type AcmeFailure, acmeFailures, type OrderEnd } from "../../http/acme/acme-refusal.ts";
import { type HandshakeFault, handshakeFaults } from "../../http/server/handshake.ts";
import { type ClientLimit, clientLimits } from "../../http/server/http-server.ts";
import { type PreambleFault, preambleFaults } from "../../http/server/proxy-preamble.ts";
import { type EvictionCause, evictionCauses } from "../store/memory-store-options.ts";
import { type CallRefusal, callRefusals, type GateRefusal, gateRefusals } from "./call-refusals.ts";
import { type EncodingDropped, encodingDrops } from "./encoding-drops.ts";
import { bucketOf, HISTOGRAM_CELLS, SUM_CELL } from "./histogram.ts";
import { edgeCounters, edgeGauges, edgeHistograms, type Metric } from "./metric-rows.ts";
import { type PlacesRefusal, placesRefusals } from "./origin-places.ts";
import { type CacheOutcome, OUTCOME_KINDS } from "./outcome.ts";
import { PASSED_OVER, type PassedOver } from "./peers/peer-fields.ts";
import { cellsOfKinds, SITES_CELLS, SiteCounts } from "./site-counts.ts";

type Counters = (typeof edgeCounters)[number];
type Gauges = (typeof edgeGauges)[number];

export type CounterName = Counters["name"];
export type GaugeName = Gauges["name"];

/** Counters that a label splits. */
export type ReasonedCounter = Extract<Counters, { labels: readonly string[] }>["name"];

/** The words that each of them may be split by. */
interface ReasonOf {
  readonly evicted: EvictionCause;
  readonly callsRefused: CallRefusal;
  readonly callersRefused: GateRefusal;
  readonly certificatesFailed: AcmeFailure;
  readonly clientsLimited: ClientLimit;
  readonly handshakesFailed: HandshakeFault;
  readonly preamblesRefused: PreambleFault;
  readonly peersPassedOver: PassedOver;
  readonly placesRefused: PlacesRefusal;
  readonly encodingsDropped: EncodingDropped;
  readonly tunnels: (typeof TUNNEL_OUTCOMES)[number];
  readonly tunnelsOpened: (typeof TUNNEL_PROTOCOLS)[number];
}

/** Histograms that no label splits. */
type PlainHistogram = Exclude<(typeof edgeHistograms)[number]["name"], "responseSeconds">;

/** Rows that the `Stats` RPC tells too. */
type StatsName = Extract<Counters | Gauges, { inStats: true }>["name"];

const COUNTER_OF = {
  hit: "hits",
  miss: "misses",
  stale: "stale",
  revalidated: "revalidated",
  bypass: "bypass",
  error: "errors",
} as const satisfies Record<CacheOutcome["kind"], CounterName>;

/** Counted by `answered` only. */
type OutcomeCounter = "requests" | (typeof COUNTER_OF)[CacheOutcome["kind"]];

const TUNNEL_OUTCOMES = ["opened", "declined", "not-allowed", "limited", "failed"] as const;
const TUNNEL_PROTOCOLS = ["websocket", "other"] as const;

const REASONS: Record<ReasonedCounter, readonly string[]> = {
  evicted: evictionCauses,
  callsRefused: callRefusals,
  callersRefused: gateRefusals,
  certificatesFailed: acmeFailures,
  clientsLimited: clientLimits,
  handshakesFailed: handshakeFaults,
  preamblesRefused: preambleFaults,
  peersPassedOver: PASSED_OVER,
  placesRefused: placesRefusals,
  encodingsDropped: encodingDrops,
  tunnels: TUNNEL_OUTCOMES,
  tunnelsOpened: TUNNEL_PROTOCOLS,
};

/** The place of each count: that of a counter is its name. When labels split it: the name and their values, with spaces between. */
const CELL_OF: ReadonlyMap<string, number> = new Map(
  edgeCounters
    .flatMap(({ name }: { readonly name: CounterName }) =>
      isReasoned(name) ? REASONS[name].map((reason) => `${name} ${reason}`) : [name],
    )
    .map((name, cell) => [name, cell]),
);

function cellOf(name: string): number {
  const cell = CELL_OF.get(name);
  if (cell === undefined) throw new Error(`there is no counter ${name}`);
  return cell;
}

// Each request counts in these.
const REQUESTS = cellOf("requests");
const CELL_OF_OUTCOME = cellsOfKinds((kind) => cellOf(COUNTER_OF[kind]));

/** The first cell of each series of a histogram, behind those of the counters. */
const HISTOGRAM_AT: ReadonlyMap<string, number> = new Map(
  edgeHistograms
    .flatMap((row) => ("labels" in row ? OUTCOME_KINDS.map((kind) => `${row.name} ${kind}`) : [row.name]))
    .map((series, i) => [series, CELL_OF.size + i * HISTOGRAM_CELLS]),
);

function histogramAt(series: string): number {
  const cell = HISTOGRAM_AT.get(series);
  if (cell === undefined) throw new Error(`there is no histogram ${series}`);
  return cell;
}

const WAITS_OF_OUTCOME = cellsOfKinds((kind) => histogramAt(`responseSeconds ${kind}`));

function isReasoned(name: CounterName): name is ReasonedCounter {
  return name in REASONS;
}

// Those of the sites are the last.
const SITES_AT = CELL_OF.size + HISTOGRAM_AT.size * HISTOGRAM_CELLS;

/** Memory for the counts of one thread, which other threads can read. A count is exact up to 2^53. */
export function counterCells(): Float64Array {
  const cells = SITES_AT + SITES_CELLS;
  return new Float64Array(new SharedArrayBuffer(cells * Float64Array.BYTES_PER_ELEMENT));
}

/** Counts since the start. Always: requests = hits + misses + stale + revalidated + bypass + errors. */
export class EdgeCounters {
  readonly #own: Float64Array;
  readonly #all: readonly Float64Array[];
  readonly sites: SiteCounts;

  /** `own`: what this thread counts. `others`: what other threads count, which is told together with it. */
  constructor(own = counterCells(), others: readonly Float64Array[] = []) {
    this.#own = own;
    this.#all = [own, ...others];
    this.sites = new SiteCounts(own, this.#all, SITES_AT);
  }

  add(name: Exclude<CounterName, OutcomeCounter | ReasonedCounter>, count = 1): void {
    this.#add(name, count);
  }

  /** Counts under a reason. */
  addReason<N extends ReasonedCounter>(name: N, reason: ReasonOf[N], count = 1): void {
    this.#add(`${name} ${reason}`, count);
  }

  certificateOrdered(end: OrderEnd): void {
    if (end === "issued") this.add("certificatesIssued");
    else this.addReason("certificatesFailed", end);
  }

  /**
   * Counts one answered request of a site, by its outcome. `site`: undefined when none answers. `bytes`: of its content, as far as it is given now. `waited`: seconds until
   * the answer began; 0 for one in the turn in which the request came, so that no hit pays for a look at the clock.
   */
  answered(
    site: string | undefined,
    { kind }: Pick<CacheOutcome, "kind">,
    status: number,
    bytes = 0,
    waited = 0,
  ): void {
    this.#addTo(REQUESTS, 1);
    this.#addTo(CELL_OF_OUTCOME[kind], 1);
    this.sites.answered(site, kind, status);
    if (bytes > 0) this.sites.gave(site, kind, bytes);
    this.#observe(WAITS_OF_OUTCOME[kind], waited);
  }

  /** Something took so many seconds. */
  took(name: PlainHistogram, seconds: number): void {
    this.#observe(histogramAt(name), seconds);
  }

  #observe(at: number, seconds: number): void {
    this.#addTo(at + bucketOf(seconds), 1);
    if (seconds > 0) this.#addTo(at + SUM_CELL, seconds);
  }

  /** The cells of one series of a histogram. */
  histogram(series: string): readonly number[] {
    const at = histogramAt(series);
    return Array.from({ length: HISTOGRAM_CELLS }, (_, i) => this.#sumOf(at + i));
  }

  /** How long answers took to begin, whatever their outcome: a count for each bucket. */
  get waits(): readonly number[] {
    const series = OUTCOME_KINDS.map((kind) => this.histogram(`responseSeconds ${kind}`));
    return Array.from({ length: SUM_CELL }, (_, bucket) =>
      series.reduce((sum, cells) => sum + (cells[bucket] ?? 0), 0),
    );
  }

  /** All of it, whatever the reason. */
  get(name: CounterName): number {
    if (!isReasoned(name)) return this.#sum(name);
    return this.reasons(name).reduce((sum, [, count]) => sum + count, 0);
  }

  /** Every reason with its count. One that has not occurred is 0, so that a rate shows its first time. */
  reasons(name: ReasonedCounter): readonly (readonly [string, number])[] {
    return REASONS[name].map((reason) => [reason, this.#sum(`${name} ${reason}`)]);
  }

  #add(name: string, count: number): void {
    this.#addTo(cellOf(name), count);
  }

  #addTo(cell: number, count: number): void {
    this.#own[cell] = (this.#own[cell] ?? 0) + count;
  }

  #sum(name: string): number {
    return this.#sumOf(cellOf(name));
  }

  #sumOf(cell: number): number {
    return this.#all.reduce((sum, cells) => sum + (cells[cell] ?? 0), 0);
  }
}

/** The counters and gauges in the `Stats` RPC, each in the field with its name. */
export function statsOf(
  counters: EdgeCounters,
  gauges: Record<GaugeName, number>,
): Record<StatsName, number> {
  const inStats = (row: Metric): boolean => row.inStats === true;
  return Object.fromEntries([
    ...edgeCounters.filter(inStats).map(({ name }) => [name, counters.get(name)]),
    ...edgeGauges.filter(inStats).map(({ name }) => [name, gauges[name]]),
  ]) as Record<StatsName, number>;
}
