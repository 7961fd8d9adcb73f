import type { DiskStats, EdgeStats } from "../gen/edgecache/v1/edge.ts";
import { roundedMs } from "./rounded-ms.ts";

/** An edge as the heartbeat table has it, and its counters; undefined: it does not answer. */
interface StatsAnswer {
  readonly edge: { readonly edge: string; readonly position: string };
  readonly answer: EdgeStats | undefined;
}

export type Counter = Exclude<
  keyof EdgeStats,
  "edge" | "state" | "position" | "waits" | "certificateDaysLeft" | "disk"
>;

/** One edge in the output. An unreachable edge has the position of its last heartbeat, and no counters. */
export type StatsRow = { readonly edge: string; readonly state: string; readonly position: string } & {
  readonly [K in Counter]: number | null;
} & {
  /** null: it has none, or does not answer. */
  readonly disk: DiskStats | null;
};

export function statsRow({ edge, answer }: StatsAnswer): StatsRow {
  return {
    edge: edge.edge,
    state: answer?.state ?? "unreachable",
    position: answer?.position ?? edge.position,
    lagMs: answer === undefined ? null : roundedMs(answer.lagMs),
    requests: answer?.requests ?? null,
    hits: answer?.hits ?? null,
    misses: answer?.misses ?? null,
    stale: answer?.stale ?? null,
    revalidated: answer?.revalidated ?? null,
    bypass: answer?.bypass ?? null,
    errors: answer?.errors ?? null,
    objects: answer?.objects ?? null,
    bytes: answer?.bytes ?? null,
    fills: answer?.fills ?? null,
    collapsed: answer?.collapsed ?? null,
    purges: answer?.purges ?? null,
    uptimeMs: answer?.uptimeMs ?? null,
    bytesSent: answer?.bytesSent ?? null,
    hitBytes: answer?.hitBytes ?? null,
    disk: answer?.disk ?? null,
  };
}
