import type { Position } from "../../purge-log/position.ts";
import type { NamedTarget } from "./named-target.ts";

/** Rule E9: what an earlier process has left. What is on disk may be of any age. */
export interface Kept {
  /** undefined: nothing is on disk. */
  readonly resumed: Resumed | undefined;
  /** What requests may have changed, in their order, each with the number of invalidations by then. */
  readonly invalidated: readonly {
    readonly targets: readonly NamedTarget[];
    readonly invalidations: number;
  }[];
}

/** A place in the history of purges. */
export interface Resumed {
  readonly runId: string;
  /** Every purge behind it has to be read. */
  readonly oldest: Position;
  /** The latest position that the log is known to have had. */
  readonly latest: Position;
  readonly flushes: number;
  readonly invalidations: number;
}
