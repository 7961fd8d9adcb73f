import type { Position } from "../../purge-log/position.ts";
import type { Purge } from "../../purge-log/purge.ts";

/** A purge that has been applied at this edge. */
export interface AppliedPurge {
  readonly position: Position;
  /** As it stands in the log. */
  readonly asked: Purge;
  /** The targets as this edge reads them. Its sites may differ from those of the edge that took the purge. */
  readonly meant: Purge;
  /** When this edge began with it, in monotonic milliseconds. */
  readonly since: number;
  /** How many stored responses it covered. */
  readonly objects: number;
}
