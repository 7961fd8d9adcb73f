import type { CallResult } from "../../edge/control-plane/call-result.ts";
import type { PurgeResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import { comparePositions, type Position } from "../../purge-log/position.ts";
import type { Action } from "./action.ts";
import type { Violation } from "./guarantees.ts";
import type { SimulatedEdge } from "./simulated-edge.ts";

export type PurgeAction = Extract<Action, { kind: "purge" }>;

/** The purge that every edge must confirm at the end. */
export const LAST_PURGE: PurgeAction = {
  kind: "purge",
  edge: "edge-2",
  targets: [{ kind: "tag", tag: "nobody has it" }],
  soft: false,
  change: false,
  waitMs: 3000,
  ofSite: false,
  reuses: undefined,
};

export function unproven(result: CallResult<PurgeResponse> | undefined): readonly Violation[] {
  if (result?.ok === true && result.value.outcome === "applied") return [];
  const said = result?.ok === true ? JSON.stringify(result.value) : "no answer";
  return [`recovers: the last purge is not proven: ${said}`];
}

/** The ways in which an edge has not recovered after every fault is mended. */
export function unrecovered(
  { id, running }: SimulatedEdge,
  tail: Position | undefined,
): readonly Violation[] {
  const follower = running?.follower;
  if (follower === undefined || tail === undefined) return [`recovers: ${id} is down`];
  if (follower.leaseLeftMs <= 0) return [`recovers: ${id} has no lease`];
  return comparePositions(follower.position, tail) < 0 ? [`recovers: ${id} is behind`] : [];
}
