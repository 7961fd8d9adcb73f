import { Counter, Gauge, Registry } from "prom-client";
import type { Ranked, Ranking } from "./choose/ranking.ts";
import type { RequestOutcome } from "./client/exchange.ts";
import type { FleetEdge } from "./fleet/fleet-edge.ts";
import { isServing, lastReport } from "./measure/edge-health.ts";

/** Every counter of the router, with the one line that an operator reads. */
export const routerCounters = [
  { name: "requests", labels: ["outcome"], help: "Requests that are over, by what became of them." },
  { name: "forwards", labels: ["edge"], help: "Requests whose answer came from this edge." },
  {
    name: "retries",
    labels: ["edge", "reason"],
    help: "Requests that this edge failed and that went on to the next.",
  },
  {
    name: "retriesRefused",
    labels: [],
    help: "Requests that failed without another try because the retry budget was spent.",
  },
  {
    name: "hedges",
    labels: ["edge"],
    help: "Requests also sent to this edge because the first took long (--hedge).",
  },
  {
    name: "ejections",
    labels: ["edge"],
    help: "Times that this edge was ejected because requests failed there.",
  },
  { name: "noEdgeErrors", labels: [], help: "Requests that no edge could take (503)." },
] as const;

/** What the router reports beside its counters: values of the moment. */
export const routerGauges = [
  { name: "inFlight", labels: [], help: "Requests under way now." },
  {
    name: "edgeRttMs",
    labels: ["edge"],
    help: "Smoothed round-trip time of Ping to this edge, in milliseconds.",
  },
  {
    name: "edgePingLoss",
    labels: ["edge"],
    help: "Share of the latest 32 Pings to this edge that were lost, 0 to 1.",
  },
  {
    name: "edgeLoadFactor",
    labels: ["edge"],
    help: "How many times as long requests take there because of load; 1 without load.",
  },
  {
    name: "edgeExpectedMs",
    labels: ["edge"],
    help: "The time by which edges are chosen: round trip and losses, times load, in milliseconds.",
  },
  {
    name: "edgeShare",
    labels: ["edge"],
    help: "Share of this router's requests that go to this edge first, 0 to 1; for clients without a known region.",
  },
  {
    name: "edgeEjected",
    labels: ["edge"],
    help: "1 while this edge is ejected because requests failed there, else 0.",
  },
  {
    name: "edgeServing",
    labels: ["edge"],
    help: "1 while this edge answers and is neither lapsed nor draining, else 0.",
  },
] as const;

type CounterName = (typeof routerCounters)[number]["name"];
type GaugeName = (typeof routerGauges)[number]["name"];

/** What the gauges are read from when the text is asked for. */
export interface RouterNow {
  readonly inFlight: () => number;
  readonly edges: () => readonly FleetEdge[];
  readonly ranking: () => Ranking<FleetEdge>;
}

/** The router's counters since its start and its gauges, as Prometheus text. */
export class RouterMetrics {
  readonly #registry = new Registry();
  /** By counter: the values of its labels, and how often. Plain numbers: they are counted with every request. */
  readonly #counts: Readonly<Record<CounterName, Map<string, Count>>> = {
    requests: new Map(),
    forwards: new Map(),
    retries: new Map(),
    retriesRefused: new Map(),
    hedges: new Map(),
    ejections: new Map(),
    noEdgeErrors: new Map(),
  };

  constructor(now: RouterNow) {
    for (const { name, labels, help } of routerCounters) {
      const counts = this.#counts[name];
      new Counter({
        name: `${metricName(name)}_total`,
        help,
        labelNames: labels,
        registers: [this.#registry],
        collect() {
          this.reset();
          for (const { values, count } of counts.values()) this.labels(...values).inc(count);
        },
      });
    }
    const ofRanked = (read: (each: Ranked<FleetEdge>) => number) => (gauge: Gauge) => {
      for (const each of now.ranking().ranked) gauge.set({ edge: each.id }, read(each));
    };
    const readings: Record<GaugeName, (gauge: Gauge) => void> = {
      inFlight: (gauge) => gauge.set(now.inFlight()),
      edgeRttMs: ofRanked(({ measured }) => measured.rttMs),
      edgePingLoss: ofRanked(({ measured }) => measured.loss),
      edgeLoadFactor: ofRanked(({ load }) => load.factor),
      edgeExpectedMs: ofRanked(({ expectedMs }) => expectedMs),
      edgeShare: ofRanked(({ share }) => share),
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
        collect() {
          // Edges that have left leave no last value behind.
          this.reset();
          read(this);
        },
      });
    }
  }

  ended(outcome: RequestOutcome): void {
    this.#count("requests", outcome);
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

  /** A request went to this second edge as well. */
  hedged(edge: string): void {
    this.#count("hedges", edge);
  }

  ejected(edge: string): void {
    this.#count("ejections", edge);
  }

  noEdge(): void {
    this.#count("noEdgeErrors");
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Edge ids have no blanks, so two values make one key. */
  #count(name: CounterName, value?: string, second?: string): void {
    const key = second === undefined ? (value ?? "") : `${value} ${second}`;
    const counted = this.#counts[name].get(key);
    if (counted !== undefined) counted.count += 1;
    else {
      const values = [value, second].filter((each) => each !== undefined);
      this.#counts[name].set(key, { values, count: 1 });
    }
  }
}

interface Count {
  readonly values: readonly string[];
  count: number;
}

function metricName(name: string): string {
  return `edgecache_router_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}
