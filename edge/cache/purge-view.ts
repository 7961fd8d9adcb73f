import type { Fields } from "../../http/message/fields.ts";
import { type Position, parsePosition } from "../../purge-log/position.ts";
import { PURGED, type PurgeStanding } from "../rules/purge-standing.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import type { PurgeState } from "./purge-state.ts";

/** How purges affect one request. */
export interface PurgeView {
  /** Whether this edge has applied every purge that the client knows of. */
  readonly atPosition: boolean;
  standing(stored: StoredResponse): PurgeStanding;
}

// The field in which a client, such as one that has purged, names the position of the purge log that it has seen.
export const AFTER = "EdgeCache-After";
/** The field with the edge's token, by which an operator may ask for more than others. It goes no further than the edge. */
export const OPERATOR_TOKEN = "EdgeCache-Token";
export const AFTER_RULE = "must be a position of the purge log, such as 1795765476971001-7";

// A purge is on its way for milliseconds. An edge that needs longer is behind, and asks the origin instead.
const WAIT_MS = 250;

/**
 * Read-your-purge: a client that names a position gets nothing older than that, from whichever edge. "ahead": the edge
 * has not reached the position. Each such request waits and goes to the origin, so only those who `mayBeAhead` may make
 * it: others could send any number.
 */
export function purgeView(
  fields: Fields,
  purges: PurgeState,
  mayBeAhead: boolean,
): PurgeView | "malformed" | Promise<PurgeView | "ahead"> {
  const text = fields.get(AFTER);
  if (text === undefined) return { atPosition: true, standing: (stored) => purges.standing(stored) };
  const position = parsePosition(text);
  return position === undefined ? "malformed" : viewAfter(position, purges, mayBeAhead);
}

async function viewAfter(
  position: Position,
  purges: PurgeState,
  mayBeAhead: boolean,
): Promise<PurgeView | "ahead"> {
  const atPosition = await purges.reaches(position, mayBeAhead ? WAIT_MS : 0);
  if (!atPosition && !mayBeAhead) return "ahead";
  return {
    atPosition,
    standing: (stored) => {
      if (!atPosition) return PURGED;
      const standing = purges.standing(stored);
      // The purge at that position may be a soft one.
      return standing.kind === "soft-purged" ? PURGED : standing;
    },
  };
}
