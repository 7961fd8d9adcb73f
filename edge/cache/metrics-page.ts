import { Counter, Gauge, Registry } from "prom-client";
import { type Clock, systemClock } from "../../process/clock.ts";
import { WorkSlice } from "../../process/work-slice.ts";
import { addConnections, type OriginConnections } from "../origin/origin.ts";
import { histogramText } from "./histogram.ts";
import {
  clientConnectionsGauge,
  edgeCounters,
  edgeGauges,
  edgeHistograms,
  edgeSiteCounters,
  edgeSiteGauges,
  type Metric,
} from "./metric-rows.ts";
import type { EdgeCounters, GaugeName } from "./metrics.ts";
import { OUTCOME_KINDS } from "./outcome.ts";
import { MOST_SITES, OTHER_SITES } from "./site-counts.ts";

/** By site. */
function boundedSites(
  sites: ReadonlyMap<string, OriginConnections>,
): readonly (readonly [string, OriginConnections])[] {
  if (sites.size <= MOST_SITES) return [...sites];
  const all = [...sites];
  const others = all.slice(MOST_SITES).map(([, connections]) => connections);
  return [...all.slice(0, MOST_SITES), [OTHER_SITES, addConnections(others)]];
}

/** What stands beside the counters and gauges. */
interface Beside {
  /** The connections to the origins of each site. */
  readonly sites?: ReadonlyMap<string, OriginConnections>;
  /** The connections of clients by protocol. */
  readonly clients?: Readonly<Record<string, number>>;
  readonly clock?: Pick<Clock, "monotonic" | "wait">;
}

/** Prometheus text of the counters and the gauges. */
export async function metricsText(
  edge: string,
  counters: EdgeCounters,
  gauges: Record<GaugeName, number>,
  { sites = new Map(), clients = {}, clock = systemClock }: Beside = {},
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
  const open = new Gauge(described(clientConnectionsGauge, ""));
  for (const [protocol, count] of Object.entries(clients)) open.labels(edge, protocol).set(count);
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
        ? OUTCOME_KINDS.map((outcome) => ({
            labels: { edge, outcome },
            cells: counters.histogram(`${row.name} ${outcome}`),
          }))
        : [{ labels: { edge }, cells: counters.histogram(row.name) }],
    ),
  );
  const siteTexts = await siteCountersText(edge, counters, clock);
  return `${await registry.metrics()}${siteTexts}${histograms.join("")}`;
}

/** In slices, because many sites have many series. */
async function siteCountersText(
  edge: string,
  { sites }: EdgeCounters,
  clock: Pick<Clock, "monotonic" | "wait">,
): Promise<string> {
  const slice = new WorkSlice(clock);
  let text = "";
  for (const { name, help, labels } of edgeSiteCounters) {
    const total = `${metricName(name)}_total`;
    const [, ...others] = labels;
    text += `# HELP ${total} ${help}\n# TYPE ${total} counter\n`;
    for (const { site, words, count } of sites.series(name)) {
      if (slice.isOver()) await slice.pause();
      const split = others.map((label, i) => `,${label}="${words[i]}"`).join("");
      text += `${total}{edge="${edge}",site="${site}"${split}} ${count}\n`;
    }
  }
  return text;
}

function metricName(name: string): string {
  return `edgecache_edge_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}
