import { Counter, Gauge, Registry } from "prom-client";
import { type AcmeFailure, acmeFailures, type OrderEnd } from "../../http/acme/acme-refusal.ts";
import { type HandshakeFault, handshakeFaults } from "../../http/server/handshake.ts";
import { type ClientLimit, clientLimits } from "../../http/server/http-server.ts";
import { type PreambleFault, preambleFaults } from "../../http/server/proxy-preamble.ts";
import { type NotStored, notStoredReasons } from "../rules/not-stored.ts";
import { type EvictionCause, evictionCauses } from "../store/memory-store-options.ts";
import { type CallRefusal, callRefusals, type GateRefusal, gateRefusals } from "./call-refusals.ts";
import { type EncodingDropped, encodingDrops } from "./encoding-drops.ts";
import { edgeCounters, edgeGauges, type Metric } from "./metric-rows.ts";
import { type PlacesRefusal, placesRefusals } from "./origin-places.ts";
import type { CacheOutcome } from "./outcome.ts";

type Counters = (typeof edgeCounters)[number];
type Gauges = (typeof edgeGauges)[number];

export type CounterName = Counters["name"];
export type GaugeName = Gauges["name"];

/** Counters that a label splits. */
export type ReasonedCounter = Extract<Counters, { labels: readonly [string] }>["name"];

/** The words that each of them may be split by. */
interface ReasonOf {
  readonly notStored: NotStored;
  readonly evicted: EvictionCause;
  readonly callsRefused: CallRefusal;
  readonly callersRefused: GateRefusal;
  readonly certificatesFailed: AcmeFailure;
  readonly clientsLimited: ClientLimit;
  readonly handshakesFailed: HandshakeFault;
  readonly preamblesRefused: PreambleFault;
  readonly placesRefused: PlacesRefusal;
  readonly encodingsDropped: EncodingDropped;
  readonly tunnels: (typeof TUNNEL_OUTCOMES)[number];
  readonly tunnelsOpened: (typeof TUNNEL_PROTOCOLS)[number];
}

/** Rows that the `Stats` RPC tells too. */
export type StatsName = Extract<Counters | Gauges, { inStats: true }>["name"];

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
  // An overtaken fill has a counter of its own.
  notStored: notStoredReasons.filter((reason) => reason !== "overtaken"),
  evicted: evictionCauses,
  callsRefused: callRefusals,
  callersRefused: gateRefusals,
  certificatesFailed: acmeFailures,
  clientsLimited: clientLimits,
  handshakesFailed: handshakeFaults,
  preamblesRefused: preambleFaults,
  placesRefused: placesRefusals,
  encodingsDropped: encodingDrops,
  tunnels: TUNNEL_OUTCOMES,
  tunnelsOpened: TUNNEL_PROTOCOLS,
};

/** The place of each count: a counter's is its name, and a reason's is the name, a space and the reason. */
const CELL_OF: ReadonlyMap<string, number> = new Map(
  edgeCounters
    .flatMap((row: Metric & { readonly name: CounterName }) => [
      row.name,
      ...(isReasoned(row.name) ? REASONS[row.name].map((reason) => `${row.name} ${reason}`) : []),
    ])
    .map((name, cell) => [name, cell]),
);

function cellOf(name: string): number {
  const cell = CELL_OF.get(name);
  if (cell === undefined) throw new Error(`there is no counter ${name}`);
  return cell;
}

// Each request counts in two of them.
const REQUESTS = cellOf("requests");
const CELL_OF_OUTCOME: Readonly<Record<CacheOutcome["kind"], number>> = {
  hit: cellOf(COUNTER_OF.hit),
  miss: cellOf(COUNTER_OF.miss),
  stale: cellOf(COUNTER_OF.stale),
  revalidated: cellOf(COUNTER_OF.revalidated),
  bypass: cellOf(COUNTER_OF.bypass),
  error: cellOf(COUNTER_OF.error),
};

function isReasoned(name: CounterName): name is ReasonedCounter {
  return name in REASONS;
}

/** Memory for the counts of one thread, which other threads can read. A count is exact up to 2^53. */
export function counterCells(): Float64Array {
  return new Float64Array(new SharedArrayBuffer(CELL_OF.size * Float64Array.BYTES_PER_ELEMENT));
}

/** Counts since the start. Always: requests = hits + misses + stale + revalidated + bypass + errors. */
export class EdgeCounters {
  readonly #own: Float64Array;
  readonly #all: readonly Float64Array[];

  /** `own`: what this thread counts. `others`: what other threads count, which is told together with it. */
  constructor(own = counterCells(), others: readonly Float64Array[] = []) {
    this.#own = own;
    this.#all = [own, ...others];
  }

  add(name: Exclude<CounterName, OutcomeCounter | ReasonedCounter>, count = 1): void {
    this.#add(name, count);
  }

  /** Counts under a reason. */
  addReason<N extends ReasonedCounter>(name: N, reason: ReasonOf[N], count = 1): void {
    this.#add(name, count);
    this.#add(`${name} ${reason}`, count);
  }

  certificateOrdered(end: OrderEnd): void {
    if (end === "issued") this.add("certificatesIssued");
    else this.addReason("certificatesFailed", end);
  }

  /** Counts one answered request, by its outcome. */
  answered(outcome: CacheOutcome): void {
    this.#addTo(REQUESTS, 1);
    this.#addTo(CELL_OF_OUTCOME[outcome.kind], 1);
  }

  /** All of it, whatever the reason. */
  get(name: CounterName): number {
    return this.#sum(name);
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
    const cell = cellOf(name);
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

/** Prometheus text of the counters and the gauges. */
export function metricsText(
  edge: string,
  counters: EdgeCounters,
  gauges: Record<GaugeName, number>,
): Promise<string> {
  const registry = new Registry();
  const described = ({ name, help, labels }: Metric, end: string) => ({
    name: `edgecache_edge_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}${end}`,
    help,
    labelNames: ["edge", ...(labels ?? [])],
    registers: [registry],
  });
  for (const row of edgeCounters) {
    const counter = new Counter(described(row, "_total"));
    if ("labels" in row) {
      for (const [word, count] of counters.reasons(row.name))
        counter.inc({ edge, [row.labels[0]]: word }, count);
    } else counter.inc({ edge }, counters.get(row.name));
  }
  for (const row of edgeGauges) new Gauge(described(row, "")).set({ edge }, gauges[row.name]);
  return registry.metrics();
}
