import type { EdgeStats } from "../../proto/gen/edgecache/v1/edge.ts";
import type { Ranking } from "../choose/ranking.ts";
import { type EdgeRow, edgeRows } from "../fleet/edge-list.ts";
import type { FleetEdge } from "../fleet/fleet-edge.ts";
import { lastReport } from "../measure/edge-health.ts";

/** The counters of an edge since it started; how far it is behind the purge log. */
type Counters = Omit<EdgeStats, "edge" | "state" | "position" | "lagMs">;

/** One edge in the event `fleet`. Null: not known. */
interface LiveEdge extends Omit<EdgeRow, "edge" | "state"> {
  readonly edge: string;
  readonly state: Exclude<EdgeRow["state"], "unreachable"> | "down";
  readonly loopDelayMs: number | null;
  readonly lagMs: number | null;
  readonly version: string | null;
  readonly config: string | null;
  readonly publicUrl: string | null;
  readonly stats: Counters | null;
}

/** The data of the event `fleet`. `statsOf`: the last counters, for an edge that is watched. */
export function fleetEvent(
  edges: readonly FleetEdge[],
  ranking: Ranking<FleetEdge>,
  statsOf: (edge: FleetEdge) => EdgeStats | undefined,
): { readonly edges: readonly LiveEdge[] } {
  const rows = edgeRows(edges, ranking);
  return { edges: edges.flatMap((edge, at) => liveEdge(edge, rows[at], statsOf(edge))) };
}

function liveEdge(edge: FleetEdge, row: EdgeRow | undefined, stats: EdgeStats | undefined): LiveEdge[] {
  if (row === undefined) return [];
  const report = lastReport(edge.health);
  return [
    {
      ...row,
      edge: edge.id,
      state: row.state === "unreachable" ? "down" : row.state,
      loopDelayMs: row.eventLoopDelayMs,
      lagMs: stats?.lagMs ?? null,
      version: report?.version ?? null,
      config: report?.config ?? null,
      publicUrl: report?.publicUrl ?? null,
      stats: stats === undefined ? null : counters(stats),
    },
  ];
}

function counters({
  edge: _edge,
  state: _state,
  position: _position,
  lagMs: _lag,
  ...rest
}: EdgeStats): Counters {
  return rest;
}
