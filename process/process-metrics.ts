import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import manifest from "../package.json" with { type: "json" };

// Each socket of the process is looked at for them, so a scrape would take long when there are many. And they end in
// _total without being counters.
const COSTLY = [
  "nodejs_active_handles",
  "nodejs_active_handles_total",
  "nodejs_active_requests",
  "nodejs_active_requests_total",
  "nodejs_active_resources",
  "nodejs_active_resources_total",
];

/** What is the same for all programs: the version, and the process and Node figures under their usual names. */
class ProcessMetrics {
  readonly #registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    for (const name of COSTLY) this.#registry.removeSingleMetric(name);
    const build = new Gauge({
      name: "edgecache_build_info",
      help: "1; the labels say which version of edgeCache this is, and of Node.",
      labelNames: ["version", "node"],
      registers: [this.#registry],
    });
    build.set({ version: manifest.version, node: process.versions.node }, 1);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

let metrics: ProcessMetrics | undefined;

/** Prometheus text. The first call begins to observe the garbage collector and the event loop. */
export function processMetrics(): Promise<string> {
  metrics ??= new ProcessMetrics();
  return metrics.text();
}
