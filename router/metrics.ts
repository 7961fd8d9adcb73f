import { Counter, Gauge, Registry } from "prom-client";
import { isServing, lastReport } from "./edge-health.ts";
import type { FleetEdge } from "./fleet.ts";

/** Every counter of the router, with the one line that an operator reads. */
export const routerCounters = [
  { name: "requests", labels: ["outcome"], help: "Requests that are over, by what became of them." },
  { name: "forwards", labels: ["edge"], help: "Requests whose answer came from this edge." },
  {
    name: "retries",
    labels: ["edge", "reason"],
    help: "Requests that this edge failed and that went on to the next.",
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
    name: "edgeServing",
    labels: ["edge"],
    help: "1 while this edge answers and is neither lapsed nor draining, else 0.",
  },
] as const;

/** What became of one request. */
export type RequestOutcome =
  /** An edge's answer was delivered whole. */
  | "relayed"
  /** The client was sent to an edge (redirect mode). */
  | "redirected"
  /** Not a request that may be forwarded. */
  | "refused"
  /** The client got an error made by the router. */
  | "failed"
  /** The answer broke off after its first byte. */
  | "cut"
  /** The client left first. */
  | "client-left";

type CounterName = (typeof routerCounters)[number]["name"];

/** The router's counters since its start and its gauges, as Prometheus text. */
export class RouterMetrics {
  readonly #registry = new Registry();
  readonly #counters = new Map<CounterName, Counter>();

  /** The gauges are read when the text is asked for. */
  constructor(now: { readonly inFlight: () => number; readonly edges: () => readonly FleetEdge[] }) {
    for (const { name, labels, help } of routerCounters) {
      const counter = new Counter({
        name: `${metricName(name)}_total`,
        help,
        labelNames: labels,
        registers: [this.#registry],
      });
      this.#counters.set(name, counter);
    }
    const readings = {
      inFlight: (gauge: Gauge) => gauge.set(now.inFlight()),
      edgeRttMs: (gauge: Gauge) => {
        for (const { health } of now.edges()) {
          if (health.kind === "alive") gauge.set({ edge: health.report.edge }, health.roundTrip.smoothedMs);
        }
      },
      edgeServing: (gauge: Gauge) => {
        for (const { health } of now.edges()) {
          const edge = lastReport(health)?.edge;
          if (edge !== undefined) gauge.set({ edge }, isServing(health) ? 1 : 0);
        }
      },
    } satisfies Record<(typeof routerGauges)[number]["name"], (gauge: Gauge) => void>;
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
    this.#counters.get("requests")?.inc({ outcome });
  }

  forwarded(edge: string): void {
    this.#counters.get("forwards")?.inc({ edge });
  }

  retried(edge: string, reason: string): void {
    this.#counters.get("retries")?.inc({ edge, reason });
  }

  noEdge(): void {
    this.#counters.get("noEdgeErrors")?.inc();
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

function metricName(name: string): string {
  return `edgecache_router_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}
