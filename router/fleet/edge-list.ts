import { formatPosition } from "../../purge-log/position.ts";
import type { Ranked, Ranking } from "../choose/ranking.ts";
import { type AliveHealth, lastReport, stateOf } from "../measure/edge-health.ts";
import type { EdgeState } from "../measure/ping-reply.ts";
import type { FleetEdge } from "./fleet-edge.ts";

/** One edge in /edges.json. Null: not known. */
export interface EdgeRow {
  readonly edge: string | null;
  readonly grpcAddress: string;
  readonly httpAddress: string | null;
  readonly state: EdgeState | "unreachable";
  /** Why it is unreachable. */
  readonly why: string | null;
  readonly rttMs: number | null;
  readonly rttVariationMs: number | null;
  /** Share of its latest Pings that were lost, 0 to 1. */
  readonly loss: number | null;
  /** How many times as long requests take because of load. */
  readonly loadFactor: number | null;
  /** It has reported load within the last 10 s: requests leave it, or return to it, only gradually. */
  readonly loaded: boolean;
  /** The expected time, which orders the edges. */
  readonly expectedMs: number | null;
  /** Share of this router's requests that go there first, 0 to 1. */
  readonly share: number;
  /** Below 1 during slow start: the part of its share that it gets while another edge can take the rest. */
  readonly readiness: number | null;
  /** Ejected because requests failed there. */
  readonly ejected: boolean;
  /** Requests of this router in flight there. */
  readonly underWay: number;
  readonly bootId: string | null;
  readonly position: string | null;
  readonly leaseLeftMs: number | null;
  readonly inFlight: number | null;
  readonly eventLoopDelayMs: number | null;
}

/** `ranking`: for clients without a known region. */
export function edgeRows(edges: readonly FleetEdge[], { ranked }: Ranking<FleetEdge>): EdgeRow[] {
  const rankedBy = new Map(ranked.map((each) => [each.edge, each]));
  return edges.map((edge) => edgeRow(edge, rankedBy.get(edge)));
}

function edgeRow(edge: FleetEdge, ranked: Ranked<FleetEdge> | undefined): EdgeRow {
  const { addresses, health, traffic } = edge;
  const report = lastReport(health);
  const alive = health.kind === "alive" ? health : undefined;
  return {
    edge: report?.edge ?? null,
    grpcAddress: addresses.grpcAddress,
    httpAddress: report === undefined ? (addresses.httpAddress ?? null) : edge.dataAddress(report),
    state: alive === undefined ? "unreachable" : stateOf(alive),
    why: alive !== undefined ? null : health.kind === "dead" ? health.why : "not measured yet",
    ...roundTrip(alive),
    loss: ranked?.measured.loss ?? null,
    loadFactor: ranked?.load.factor ?? null,
    loaded: ranked?.load.isLoaded ?? false,
    expectedMs: ranked?.expectedMs ?? null,
    share: ranked?.share ?? 0,
    readiness: ranked?.fitness.readiness ?? null,
    ejected: ranked?.fitness.isEjected ?? false,
    underWay: traffic.inFlight,
    bootId: report?.bootId ?? null,
    position: report === undefined ? null : formatPosition(report.position),
    leaseLeftMs: alive?.report.leaseLeftMs ?? null,
    inFlight: alive?.report.inFlight ?? null,
    eventLoopDelayMs: alive?.report.eventLoopDelayMs ?? null,
  };
}

function roundTrip(alive: AliveHealth | undefined): Pick<EdgeRow, "rttMs" | "rttVariationMs"> {
  if (alive === undefined) return { rttMs: null, rttVariationMs: null };
  return { rttMs: alive.roundTrip.smoothedMs, rttVariationMs: alive.roundTrip.variationMs };
}
