import { comparePositions } from "../../purge-log/position.ts";
import type { Directory } from "./directory.ts";
import type { PortableResponse } from "./disk/portable-responses.ts";
import { type FillMark, isValidator } from "./stored-response.ts";

/** All that is stored under a key, as it leaves memory. */
export interface Leaving {
  /** Older than, or as old as, that of each of them. */
  readonly mark: FillMark;
  readonly responses: readonly PortableResponse[];
}

/** undefined: it is of no use to another process. */
export function leaving(rows: readonly number[], directory: Directory): Leaving | undefined {
  let oldest: FillMark | undefined;
  for (const row of rows) {
    const mark = directory.markOf(row);
    // What is stale since a moment of this process would be fresh in another one.
    if (directory.softPurgedAt(row) !== undefined || isValidator(mark)) return undefined;
    oldest = oldest === undefined ? mark : older(oldest, mark);
  }
  return oldest && { mark: oldest, responses: rows.map((row) => directory.portable(row)) };
}

function older(a: FillMark, b: FillMark): FillMark {
  return {
    position: comparePositions(a.position, b.position) < 0 ? a.position : b.position,
    flushes: Math.min(a.flushes, b.flushes),
    invalidations: Math.min(a.invalidations, b.invalidations),
  };
}
