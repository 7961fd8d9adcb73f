import { Counter, Gauge, Registry } from "prom-client";
import { type HandshakeFault, handshakeFaults } from "../../http/server/handshake.ts";
import { type ClientLimit, clientLimits } from "../../http/server/http-server.ts";
import { type PreambleFault, preambleFaults } from "../../http/server/proxy-preamble.ts";
import { type NotStored, notStoredReasons } from "../rules/not-stored.ts";
import { type CallRefusal, callRefusals, type GateRefusal, gateRefusals } from "./call-refusals.ts";
import { type PlacesRefusal, placesRefusals } from "./origin-places.ts";
import type { CacheOutcome } from "./outcome.ts";

/** A row of the tables below. Prometheus reads its name in snake case, with `edgecache_edge_` before it. */
interface Metric {
  readonly name: string;
  /** The one line that an operator reads. */
  readonly help: string;
  /** Whether the `Stats` RPC tells it too, in the field of the same name. */
  readonly inStats?: true;
  /** The label that splits it, beside `edge`. */
  readonly labels?: readonly ["reason" | "outcome" | "protocol"];
}

/** Every counter of an edge. Prometheus adds `_total` to the name. */
export const edgeCounters = [
  { name: "requests", inStats: true, help: "Requests answered on the data port." },
  { name: "hits", inStats: true, help: "Answered from a fresh stored response." },
  { name: "misses", inStats: true, help: "Answered by a fill: nothing usable was stored." },
  {
    name: "stale",
    inStats: true,
    help: "Answered from a stored response past its freshness, as the rules allow.",
  },
  {
    name: "revalidated",
    inStats: true,
    help: "Answered from a stored response after the origin confirmed it (304).",
  },
  { name: "bypass", inStats: true, help: "Forwarded without looking at the cache." },
  {
    name: "errors",
    inStats: true,
    help: "Answered with an error made by the edge: a refused request, an origin that failed.",
  },
  { name: "fills", inStats: true, help: "Fetches from the origin." },
  { name: "collapsed", inStats: true, help: "Requests that waited for a fill started by another request." },
  { name: "fillsOvertaken", help: "Fills not stored because a purge overtook them." },
  {
    name: "notStored",
    labels: ["reason"],
    help: "Fills not stored for another reason, which the label names.",
  },
  {
    name: "callsRefused",
    labels: ["reason"],
    help: "gRPC calls not done; the label names gRPC's own reason.",
  },
  {
    name: "callersRefused",
    labels: ["reason"],
    help: "Connections to the gRPC port that were refused because their caller did not prove who it is.",
  },
  {
    name: "clientsLimited",
    labels: ["reason"],
    help: "Connections that were refused or closed, and requests answered 429, because their client has too many.",
  },
  {
    name: "handshakesFailed",
    labels: ["reason"],
    help: "TLS handshakes of clients that did not end well: without agreement, because the client left, or too slow.",
  },
  {
    name: "preamblesRefused",
    labels: ["reason"],
    help: "Connections that were closed because their load balancer did not begin with a good PROXY header (--proxy-protocol).",
  },
  {
    name: "clientsLeftBehind",
    help: "Answers cut because memory was short and the client had taken nothing for longest.",
  },
  {
    name: "placesRefused",
    labels: ["reason"],
    help: "Requests not sent to an origin, because the site or the client has too many under way there.",
  },
  {
    name: "broadcasts",
    help: "Invalidations by requests that were sent to every edge through the purge log.",
  },
  {
    name: "broadcastsDropped",
    help: "Invalidations by requests that hold at this edge only, although the site says broadcast: too many waited.",
  },
  { name: "requestsShed", help: "Requests answered 503 because memory was short and the origin was needed." },
  {
    name: "tunnels",
    labels: ["outcome"],
    help: "Requests for a tunnel (WebSocket and other protocols), by what became of them.",
  },
  { name: "tunnelsOpened", labels: ["protocol"], help: "Tunnels that were opened." },
  { name: "tunnelBytesReceived", help: "Bytes that clients have sent through tunnels." },
  { name: "tunnelBytesSent", help: "Bytes that origins have sent through tunnels." },
  { name: "refillQueued", help: "Responses queued for refetch after a paced soft purge." },
  { name: "refilled", help: "Of these, fetched again and stored." },
  {
    name: "refillSkipped",
    help: "Of these, not fetched: refreshed, evicted or purged meanwhile, or made for a request with credentials.",
  },
  {
    name: "refillFailed",
    help: "Of these, fetched and not stored: the origin failed, or the rules forbade it.",
  },
] as const satisfies readonly Metric[];

/** The gauges of an edge: current values, reported beside the counters. */
export const edgeGauges = [
  { name: "objects", inStats: true, help: "Stored responses held now." },
  {
    name: "bytes",
    inStats: true,
    help: "Bytes of stored responses held now, fields and bookkeeping included.",
  },
  { name: "inFlight", help: "Requests being answered on the data port now." },
  { name: "tunnelsOpen", help: "Tunnels that are open now, or being opened." },
  { name: "purges", inStats: true, help: "Purges applied from the purge log since the start." },
  {
    name: "leaseLeftMs",
    help: "Milliseconds for which stored responses may be used unvalidated; 0 when lapsed.",
  },
  {
    name: "lagMs",
    inStats: true,
    help: "Milliseconds since the edge proved that it is at the purge log's tail; -1 before the first time.",
  },
  { name: "eventLoopDelayMs", help: "Mean delay of the event loop over the last quarter of a second or so." },
  {
    name: "certificateDaysLeft",
    help: "Whole days until the first certificate of the TLS port ends; negative when one has. +Inf without a TLS port.",
  },
  {
    name: "controlCertificateDaysLeft",
    help: "Whole days until the first certificate of the control plane ends; negative when one has. +Inf without one.",
  },
  { name: "uptimeMs", inStats: true, help: "Milliseconds since the edge started." },
] as const satisfies readonly Metric[];

type Counters = (typeof edgeCounters)[number];
type Gauges = (typeof edgeGauges)[number];

export type CounterName = Counters["name"];
export type GaugeName = Gauges["name"];

/** Counters that a label splits. */
export type ReasonedCounter = Extract<Counters, { labels: readonly [string] }>["name"];

/** The words that each of them may be split by. */
interface ReasonOf {
  readonly notStored: NotStored;
  readonly callsRefused: CallRefusal;
  readonly callersRefused: GateRefusal;
  readonly clientsLimited: ClientLimit;
  readonly handshakesFailed: HandshakeFault;
  readonly preamblesRefused: PreambleFault;
  readonly placesRefused: PlacesRefusal;
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
  callsRefused: callRefusals,
  callersRefused: gateRefusals,
  clientsLimited: clientLimits,
  handshakesFailed: handshakeFaults,
  preamblesRefused: preambleFaults,
  placesRefused: placesRefusals,
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

  /** Counts one, under its reason. */
  addReason<N extends ReasonedCounter>(name: N, reason: ReasonOf[N]): void {
    this.#add(name, 1);
    this.#add(`${name} ${reason}`, 1);
  }

  /** Counts one answered request, by its outcome. */
  answered(outcome: CacheOutcome): void {
    this.#add("requests", 1);
    this.#add(COUNTER_OF[outcome.kind], 1);
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
    const cell = CELL_OF.get(name);
    if (cell !== undefined) this.#own[cell] = (this.#own[cell] ?? 0) + count;
  }

  #sum(name: string): number {
    const cell = CELL_OF.get(name);
    return cell === undefined ? 0 : this.#all.reduce((sum, cells) => sum + (cells[cell] ?? 0), 0);
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
