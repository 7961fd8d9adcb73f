import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from "prom-client";
import { acmeFailures, type OrderEnd } from "../http/acme/acme-refusal.ts";
import { type HandshakeFault, handshakeFaults } from "../http/server/handshake.ts";
import { type ClientLimit, clientLimits } from "../http/server/http-server.ts";
import { type PreambleFault, preambleFaults } from "../http/server/proxy-preamble.ts";
import type { ServerLoad } from "../http/server/server-load.ts";
import type { Ranked, Ranking } from "./choose/ranking.ts";
import type { FleetEdge } from "./fleet/fleet-edge.ts";
import { EDGE_FAULTS } from "./forward/attempt.ts";
import { isServing, lastReport } from "./measure/edge-health.ts";
import { routerCounters, routerGauges, routerHistograms } from "./metric-rows.ts";
import { REQUEST_OUTCOMES, type RequestOutcome } from "./request-outcome.ts";

const TUNNEL_OUTCOMES = ["opened", "declined"] as const;

type CounterName = (typeof routerCounters)[number]["name"];
type GaugeName = (typeof routerGauges)[number]["name"];
type HistogramName = (typeof routerHistograms)[number]["name"];

// In seconds. A near edge answers within 2.5 ms and a far one in 250; an edge that stays silent is left after 1 s. A relayed
// answer takes as long as its client reads. Each bound is a time series for every edge and outcome.
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

const OF_REQUESTS: ReadonlySet<GaugeName> = new Set(["inFlight", "clientConnections", "tunnelsOpen"]);

/** The sources of the gauges, read for each scrape. */
export interface RouterNow {
  readonly load: () => ServerLoad;
  /** Wall time in milliseconds, as the next one. */
  readonly certificateEndsAt: () => number;
  readonly controlCertificateEndsAt: () => number;
  readonly edges: () => readonly FleetEdge[];
  readonly ranking: () => Ranking<FleetEdge>;
}

/** The counters since the start and the gauges, as Prometheus text. */
export class RouterMetrics {
  readonly #registry = new Registry();
  /** By counter, then by label values. Plain numbers, because every request is counted. */
  readonly #counts: Readonly<Record<CounterName, Map<string, Count>>> = {
    requests: new Map(),
    forwards: new Map(),
    retries: new Map(),
    retriesRefused: new Map(),
    hedges: new Map(),
    ejections: new Map(),
    noEdgeErrors: new Map(),
    tunnels: new Map(),
    accessLogDropped: new Map(),
    traceSpansDropped: new Map(),
    clientsLimited: new Map(),
    handshakesFailed: new Map(),
    preamblesRefused: new Map(),
    certificatesIssued: new Map(),
    certificatesFailed: new Map(),
  };

  readonly #histograms: Readonly<Record<HistogramName, Histogram>>;
  /** Edges with a series of Pings. */
  readonly #pinged = new Set<string>();
  #tunnelsOpen = 0;

  constructor(now: RouterNow) {
    for (const { name, labels, help } of routerCounters) {
      const counts = this.#counts[name];
      const labelled = () => this.#expected(name, now);
      new Counter({
        name: `${metricName(name)}_total`,
        help,
        labelNames: labels,
        registers: [this.#registry],
        collect() {
          this.reset();
          for (const values of labelled()) this.labels(...values).inc(0);
          for (const { values, count } of counts.values()) this.labels(...values).inc(count);
        },
      });
    }
    const histograms = routerHistograms.map(
      ({ name, labels, help }) =>
        [
          name,
          new Histogram({
            name: metricName(name),
            help,
            labelNames: labels,
            buckets: BOUNDS,
            registers: [this.#registry],
            ...(name === "edgePingSeconds" ? { collect: () => this.#dropLeft(now) } : {}),
          }),
        ] as const,
    );
    this.#histograms = Object.fromEntries(histograms) as Record<HistogramName, Histogram>;
    const ofRanked = (read: (each: Ranked<FleetEdge>) => number) => (gauge: Gauge) => {
      for (const each of now.ranking().ranked) gauge.set({ edge: each.id }, read(each));
    };
    const readings: Record<GaugeName, (gauge: Gauge) => void> = {
      inFlight: (gauge) => gauge.set(now.load().inFlight),
      clientConnections: (gauge) => {
        for (const [protocol, count] of Object.entries(now.load().connections))
          gauge.set({ protocol }, count);
      },
      tunnelsOpen: (gauge) => gauge.set(this.#tunnelsOpen),
      certificateExpiryTimestampSeconds: (gauge) => gauge.set(now.certificateEndsAt() / 1000),
      controlCertificateExpiryTimestampSeconds: (gauge) => gauge.set(now.controlCertificateEndsAt() / 1000),
      edgeRttSeconds: ofRanked(({ measured }) => measured.rttMs / 1000),
      edgePingLossRatio: ofRanked(({ measured }) => measured.loss),
      edgeLoadRatio: ofRanked(({ load }) => load.factor),
      edgeExpectedSeconds: ofRanked(({ expectedMs }) => expectedMs / 1000),
      edgeShareRatio: ofRanked(({ share }) => share),
      edgeEjected: ofRanked(({ fitness }) => Number(fitness.isEjected)),
      edgeServing: (gauge) => {
        for (const { health } of now.edges()) {
          const edge = lastReport(health)?.edge;
          if (edge !== undefined) gauge.set({ edge }, isServing(health) ? 1 : 0);
        }
      },
    };
    for (const { name, labels, help } of routerGauges) {
      const read = readings[name];
      new Gauge({
        name: metricName(name),
        help,
        labelNames: labels,
        registers: [this.#registry],
        // The threads of a router measure the same edges, and each has requests of its own.
        aggregator: OF_REQUESTS.has(name) ? "sum" : "first",
        collect() {
          // Edges that have left leave no last value behind.
          this.reset();
          read(this);
        },
      });
    }
  }

  /** `ms`: since the request came. undefined: it was a tunnel, or no whole request. */
  ended(outcome: RequestOutcome, ms?: number): void {
    this.#count("requests", outcome);
    if (ms !== undefined) this.#histograms.responseSeconds.observe({ outcome }, ms / 1000);
  }

  pinged(edge: string, ms: number): void {
    this.#pinged.add(edge);
    this.#histograms.edgePingSeconds.observe({ edge }, ms / 1000);
  }

  /** Each series of Pings has as many samples as bounds: an edge that has left takes its own along. */
  #dropLeft(now: RouterNow): void {
    const here = new Set(idsOf(now.edges()));
    for (const edge of this.#pinged) {
      if (here.has(edge)) continue;
      this.#pinged.delete(edge);
      this.#histograms.edgePingSeconds.remove({ edge });
    }
  }

  forwarded(edge: string): void {
    this.#count("forwards", edge);
  }

  retried(edge: string, reason: string): void {
    this.#count("retries", edge, reason);
  }

  /** A request failed for good because the retry budget was spent. */
  retryRefused(): void {
    this.#count("retriesRefused");
  }

  /** A request was also sent to this second edge. */
  hedged(edge: string): void {
    this.#count("hedges", edge);
  }

  ejected(edge: string): void {
    this.#count("ejections", edge);
  }

  /** An edge has answered to a request for a tunnel. */
  tunnel(outcome: (typeof TUNNEL_OUTCOMES)[number]): void {
    this.#count("tunnels", outcome);
    if (outcome === "opened") this.#tunnelsOpen += 1;
  }

  tunnelEnded(): void {
    this.#tunnelsOpen -= 1;
  }

  noEdge(): void {
    this.#count("noEdgeErrors");
  }

  limited(limit: ClientLimit): void {
    this.#count("clientsLimited", limit);
  }

  handshakeFailed(fault: HandshakeFault): void {
    this.#count("handshakesFailed", fault);
  }

  preambleRefused(reason: PreambleFault): void {
    this.#count("preamblesRefused", reason);
  }

  certificateOrdered(end: OrderEnd): void {
    if (end === "issued") this.#count("certificatesIssued");
    else this.#count("certificatesFailed", end);
  }

  accessLogDropped(lines: number): void {
    this.#counted("accessLogDropped").count += lines;
  }

  traceSpansDropped(spans: number): void {
    this.#counted("traceSpansDropped").count += spans;
  }

  /** The labels of samples that are 0 until they are counted: without them rate() would miss the first event. */
  #expected(name: CounterName, now: RouterNow): readonly (readonly string[])[] {
    const edges = idsOf(now.edges());
    switch (name) {
      case "requests":
        return REQUEST_OUTCOMES.map((outcome) => [outcome]);
      case "retries":
        return edges.flatMap((edge) => EDGE_FAULTS.map((reason) => [edge, reason]));
      case "clientsLimited":
        return clientLimits.map((limit) => [limit]);
      case "handshakesFailed":
        return handshakeFaults.map((fault) => [fault]);
      case "tunnels":
        return TUNNEL_OUTCOMES.map((outcome) => [outcome]);
      case "certificatesFailed":
        return acmeFailures.map((reason) => [reason]);
      case "preamblesRefused":
        return preambleFaults.map((fault) => [fault]);
      case "forwards":
      case "hedges":
      case "ejections":
        return edges.map((edge) => [edge]);
      case "accessLogDropped":
      case "traceSpansDropped":
      case "retriesRefused":
      case "noEdgeErrors":
      case "certificatesIssued":
        return [];
    }
  }

  /** As Prometheus text, together with what other threads of the router have counted. */
  async text(others: readonly object[]): Promise<string> {
    if (others.length === 0) return this.#registry.metrics();
    return AggregatorRegistry.aggregate([await this.json(), ...others]).metrics();
  }

  /** For the `text` of another thread. */
  json(): Promise<object> {
    return this.#registry.getMetricsAsJSON();
  }

  #count(name: CounterName, value?: string, second?: string): void {
    this.#counted(name, value, second).count += 1;
  }

  /** Edge ids have no blanks: two values with a blank between make one key. */
  #counted(name: CounterName, value?: string, second?: string): Count {
    const key = second === undefined ? (value ?? "") : `${value} ${second}`;
    const known = this.#counts[name].get(key);
    if (known !== undefined) return known;
    const counted = { values: [value, second].filter((each) => each !== undefined), count: 0 };
    this.#counts[name].set(key, counted);
    return counted;
  }
}

interface Count {
  readonly values: readonly string[];
  count: number;
}

/** Of those that have told theirs. */
function idsOf(edges: readonly FleetEdge[]): readonly string[] {
  return edges.flatMap(({ health }) => lastReport(health)?.edge ?? []);
}

function metricName(name: string): string {
  return `edgecache_router_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}
