import type { Position } from "../../purge-log/position.ts";

/** Where in the history of purges a fill began, taken before its request to the origin is written (rule E3). */
export interface FillMark {
  /** Purges up to here had been applied. */
  readonly position: Position;
  /** Soft flushes that had happened. */
  readonly flushes: number;
  /** Invalidations by requests at this edge that had happened. */
  readonly invalidations: number;
}
