import { Counter, Gauge, Registry } from "prom-client";
import type { CacheOutcome } from "./outcome.ts";

/** Every counter of an edge, with the one line that an operator reads. */
export const edgeCounters = [
  { name: "requests", help: "Requests answered on the data port." },
  { name: "hits", help: "Answered from a fresh stored response." },
  { name: "misses", help: "Answered by a fill: nothing usable was stored." },
  { name: "stale", help: "Answered from a stored response past its freshness, as the rules allow." },
  { name: "revalidated", help: "Answered from a stored response after the origin confirmed it (304)." },
  { name: "bypass", help: "Forwarded without looking at the cache." },
  {
    name: "errors",
    help: "Answered with an error made by the edge: a refused request, an origin that failed.",
  },
  { name: "fills", help: "Fetches from the origin." },
  { name: "collapsed", help: "Requests that waited for a fill started by another request." },
  { name: "fenced", help: "Fills not stored because a purge overtook them." },
  {
    name: "notStored",
    help: "Fills not stored because they, or the variants of their key, were too large or too many.",
  },
  {
    name: "refillQueued",
    help: "Stored responses queued by paced soft purges, to be asked for again; those that wait are the rest of the next three.",
  },
  { name: "refilled", help: "Of these, asked for again and stored, by the edge on its own account." },
  {
    name: "refillSkipped",
    help: "Of these, passed over: refreshed, evicted or purged meanwhile, or made for a request with credentials.",
  },
  {
    name: "refillFailed",
    help: "Of these, asked for and not stored: the origin failed, or nothing may be kept.",
  },
] as const satisfies readonly { name: string; help: string }[];

export type CounterName = (typeof edgeCounters)[number]["name"];

/** What an edge reports beside its counters: values of the moment. */
export const edgeGauges = [
  { name: "objects", help: "Stored responses held now." },
  { name: "bytes", help: "Bytes of stored responses held now, fields and bookkeeping included." },
  { name: "inFlight", help: "Requests being answered on the data port now." },
  { name: "purges", help: "Purges applied from the purge log since the start." },
  {
    name: "leaseLeftMs",
    help: "Milliseconds for which stored responses may be used unvalidated; 0 when lapsed.",
  },
  {
    name: "lagMs",
    help: "Milliseconds since the edge proved that it is at the purge log's tail; -1 before the first time.",
  },
  { name: "eventLoopDelayMs", help: "Mean delay of the event loop over the last quarter of a second or so." },
  { name: "uptimeMs", help: "Milliseconds since the edge started." },
] as const satisfies readonly { name: string; help: string }[];

export type GaugeName = (typeof edgeGauges)[number]["name"];

/** What is not the outcome of a request. */
type SideCounter =
  | "fills"
  | "collapsed"
  | "fenced"
  | "notStored"
  | "refillQueued"
  | "refilled"
  | "refillSkipped"
  | "refillFailed";

const COUNTER_OF: Record<CacheOutcome["kind"], CounterName> = {
  hit: "hits",
  miss: "misses",
  stale: "stale",
  revalidated: "revalidated",
  bypass: "bypass",
  error: "errors",
};

/** Counts since the start. Always: requests = hits + misses + stale + revalidated + bypass + errors. */
export class EdgeCounters {
  readonly #counts = new Map<CounterName, number>();

  add(name: SideCounter, count = 1): void {
    this.#counts.set(name, this.get(name) + count);
  }

  /** Counts one answered request, by its outcome. */
  answered(outcome: CacheOutcome): void {
    this.#increment("requests");
    this.#increment(COUNTER_OF[outcome.kind]);
  }

  get(name: CounterName): number {
    return this.#counts.get(name) ?? 0;
  }

  #increment(name: CounterName): void {
    this.#counts.set(name, this.get(name) + 1);
  }
}

/** Prometheus text of the counters and the gauges, each named `edgecache_edge_<name>` in snake case, and counters with `_total`. */
export function metricsText(
  edge: string,
  counters: EdgeCounters,
  gauges: Record<GaugeName, number>,
): Promise<string> {
  const registry = new Registry();
  const described = (name: string, help: string) => ({
    name,
    help,
    labelNames: ["edge"],
    registers: [registry],
  });
  for (const { name, help } of edgeCounters) {
    new Counter(described(`${metricName(name)}_total`, help)).inc({ edge }, counters.get(name));
  }
  for (const { name, help } of edgeGauges) {
    new Gauge(described(metricName(name), help)).set({ edge }, gauges[name]);
  }
  return registry.metrics();
}

function metricName(name: string): string {
  return `edgecache_edge_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}
