import { formatPosition } from "../purge-log/position.ts";
import { lastReport } from "./edge-health.ts";
import type { FleetEdge } from "./fleet.ts";
import type { EdgeState } from "./ping-reply.ts";

/** One edge as /edges.json shows it; null where nothing is known. */
export interface EdgeRow {
  readonly edge: string | null;
  readonly grpcAddress: string;
  readonly httpAddress: string | null;
  readonly state: EdgeState | "unreachable";
  /** Why it is unreachable. */
  readonly why: string | null;
  readonly rttMs: number | null;
  readonly rttVariationMs: number | null;
  /** A request has failed there within the last second. */
  readonly suspect: boolean;
  readonly bootId: string | null;
  readonly position: string | null;
  readonly leaseLeftMs: number | null;
  readonly inFlight: number | null;
  readonly eventLoopDelayMs: number | null;
}

export function edgeRow(edge: FleetEdge): EdgeRow {
  const { addresses, health, suspect } = edge;
  const report = lastReport(health);
  const alive = health.kind === "alive" ? health : undefined;
  return {
    edge: report?.edge ?? null,
    grpcAddress: addresses.grpcAddress,
    httpAddress: report === undefined ? (addresses.httpAddress ?? null) : edge.dataAddress(report),
    state: alive?.report.state ?? "unreachable",
    why: alive !== undefined ? null : health.kind === "dead" ? health.why : "not measured yet",
    rttMs: alive?.roundTrip.smoothedMs ?? null,
    rttVariationMs: alive?.roundTrip.variationMs ?? null,
    suspect,
    bootId: report?.bootId ?? null,
    position: report === undefined ? null : formatPosition(report.position),
    leaseLeftMs: alive?.report.leaseLeftMs ?? null,
    inFlight: alive?.report.inFlight ?? null,
    eventLoopDelayMs: alive?.report.eventLoopDelayMs ?? null,
  };
}
