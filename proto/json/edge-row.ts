import { roundedMs } from "./rounded-ms.ts";

/** One edge in the output; `heartbeatAgeMs` is null when the edge is not in the heartbeat table. */
export interface EdgeRow {
  readonly edge: string;
  readonly grpcAddress: string;
  readonly httpAddress: string;
  readonly state: string;
  readonly position: string;
  readonly heartbeatAgeMs: number | null;
  readonly bootId: string;
  /** A digest of the edge's sites: equal for equal sites, empty when unknown. */
  readonly sites: string;
  /** The version that runs there; empty when unknown. */
  readonly version: string;
  /** A digest of the edge's settings: equal for equal settings, empty when unknown. */
  readonly config: string;
}

/** What the heartbeat table has of an edge. */
interface ListedEdge
  extends Pick<EdgeRow, "edge" | "grpcAddress" | "httpAddress" | "position" | "bootId" | "sites"> {
  readonly heartbeatAgeMs: number | null;
}

/** `answer`: what the edge says of itself; undefined: it does not answer. */
export function edgeRow(
  { edge, grpcAddress, httpAddress, position, heartbeatAgeMs, bootId, sites }: ListedEdge,
  answer: { readonly state: string; readonly version: string; readonly config: string } | undefined,
): EdgeRow {
  return {
    edge,
    grpcAddress,
    httpAddress,
    state: answer?.state ?? "unreachable",
    position,
    heartbeatAgeMs: heartbeatAgeMs === null ? null : roundedMs(heartbeatAgeMs),
    bootId,
    sites,
    version: answer?.version ?? "",
    config: answer?.config ?? "",
  };
}
