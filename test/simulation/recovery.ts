import type { PurgeOutcome } from "../../edge/control-plane/purge.ts";
import { comparePositions, type Position } from "../../purge-log/position.ts";
import type { Action } from "./action.ts";
import type { Violation } from "./guarantees.ts";
import type { SimulatedEdge } from "./simulated-edge.ts";

export type PurgeAction = Extract<Action, { kind: "purge" }>;

/** What must be proven in the end. */
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

export function unproven(outcome: PurgeOutcome | undefined): readonly Violation[] {
  if (outcome?.kind === "done" && outcome.proof.outcome === "applied") return [];
  const said = outcome?.kind === "done" ? JSON.stringify(outcome.proof) : "no answer";
  return [`recovers: the last purge is not proven: ${said}`];
}

/** What an edge lacks once everything is mended. */
export function unrecovered(
  { id, running }: SimulatedEdge,
  tail: Position | undefined,
): readonly Violation[] {
  const follower = running?.parts.follower;
  if (follower === undefined || tail === undefined) return [`recovers: ${id} is down`];
  if (follower.leaseLeftMs <= 0) return [`recovers: ${id} has no lease`];
  return comparePositions(follower.position, tail) < 0 ? [`recovers: ${id} is behind`] : [];
}
