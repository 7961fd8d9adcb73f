import { comparePositions, type Position } from "../../purge-log/position.ts";
import type { LogState } from "../../purge-log/purge-log.ts";

/** The state of the history that this edge follows, as the reply to a heartbeat shows it. */
export type LogVerdict =
  /** Rule E8: the edge has not been anywhere yet. It begins at the tail. */
  | { readonly kind: "first" }
  | { readonly kind: "sound" }
  /** Rule E6: purges may be missing. */
  | { readonly kind: "lost"; readonly reason: string }
  /** Rule E6: purges are missing. The edge goes on after this position, from which the log still has everything. */
  | { readonly kind: "trimmed"; readonly reason: string; readonly to: Position };

/** Where an edge is. */
export interface Followed {
  /** Undefined until it has first reached the log. */
  readonly position: Position | undefined;
  /** Its position when the heartbeat was sent. */
  readonly sent: Position;
  /** The history that it follows. */
  readonly runId: string | undefined;
}

export function judgeLog(state: LogState, { position, sent, runId }: Followed): LogVerdict {
  if (position === undefined) return { kind: "first" };
  if (runId !== state.runId || comparePositions(state.tail, sent) < 0) {
    return { kind: "lost", reason: "the purge log restarted or lost entries" };
  }
  return nextWasTrimmed(state, position)
    ? { kind: "trimmed", reason: "the purge log was trimmed past this edge", to: beforeFirst(state) }
    : { kind: "sound" };
}

/** An oldest entry of a higher epoch needs no such test: rule E1 sees the gap when that entry is applied. */
function nextWasTrimmed(state: LogState, position: Position): boolean {
  if (comparePositions(state.tail, position) <= 0) return false;
  if (state.first === undefined) return true;
  return state.first.epoch === position.epoch && state.first.seq > position.seq + 1;
}

function beforeFirst(state: LogState): Position {
  return state.first === undefined ? state.tail : { epoch: state.first.epoch, seq: state.first.seq - 1 };
}
