import { Counter, Gauge, Registry } from "prom-client";
import { addConnections, type OriginConnections } from "../origin/origin.ts";
import { histogramText } from "./histogram.ts";
import { edgeCounters, edgeGauges, edgeHistograms, edgeSiteGauges, type Metric } from "./metric-rows.ts";
import { type EdgeCounters, type GaugeName, KINDS } from "./metrics.ts";

// Each site is a time series of its own for every gauge, so more of them are told together.
const MOST_SITES = 1_000;

/** By site. */
function boundedSites(
  sites: ReadonlyMap<string, OriginConnections>,
): readonly (readonly [string, OriginConnections])[] {
  if (sites.size <= MOST_SITES) return [...sites];
  const all = [...sites];
  const others = all.slice(MOST_SITES).map(([, connections]) => connections);
  return [...all.slice(0, MOST_SITES), ["other", addConnections(others)]];
}

/** Prometheus text of the counters and the gauges. `sites`: the connections to the origins of each. */
export async function metricsText(
  edge: string,
  counters: EdgeCounters,
  gauges: Record<GaugeName, number>,
  sites: ReadonlyMap<string, OriginConnections> = new Map(),
): Promise<string> {
  const registry = new Registry();
  const described = ({ name, help, labels }: Metric, end: string) => ({
    name: `${metricName(name)}${end}`,
    help,
    labelNames: ["edge", ...(labels ?? [])],
    registers: [registry],
  });
  for (const row of edgeCounters) {
    const counter = new Counter(described(row, "_total"));
    if ("labels" in row) {
      for (const [words, count] of counters.reasons(row.name))
        counter.labels(edge, ...words.split(" ")).inc(count);
    } else counter.inc({ edge }, counters.get(row.name));
  }
  for (const row of edgeGauges) {
    if ("grows" in row) new Counter(described(row, "_total")).inc({ edge }, gauges[row.name]);
    else new Gauge(described(row, "")).set({ edge }, gauges[row.name]);
  }
  const [connections, waiting] = edgeSiteGauges.map((row) => new Gauge(described(row, "")));
  for (const [site, { active, idle, waiting: requests }] of boundedSites(sites)) {
    connections?.labels(edge, site, "active").set(active);
    connections?.labels(edge, site, "idle").set(idle);
    waiting?.labels(edge, site).set(requests);
  }
  const histograms = edgeHistograms.map((row) =>
    histogramText(
      metricName(row.name),
      row.help,
      "labels" in row
        ? KINDS.map((outcome) => ({
            labels: { edge, outcome },
            cells: counters.histogram(`${row.name} ${outcome}`),
          }))
        : [{ labels: { edge }, cells: counters.histogram(row.name) }],
    ),
  );
  return `${await registry.metrics()}${histograms.join("")}`;
}

function metricName(name: string): string {
  return `edgecache_edge_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}
