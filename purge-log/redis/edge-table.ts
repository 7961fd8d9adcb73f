import { decodeHeartbeat } from "../heartbeat-codec.ts";
import { BEGINNING } from "../position.ts";
import type { Member } from "../purge-log.ts";
import type { ServerTime } from "./server-clock.ts";

/** The table of edges as it stands in Redis. Times are milliseconds of the server's wall clock. */
export interface EdgeTable {
  readonly now: number;
  /** Since when it has surely lost no row and no heartbeat. */
  readonly opened: number;
  /** The present history. */
  readonly runId: string;
  readonly rows: readonly { readonly edge: string; readonly beatenAt: number; readonly json: string }[];
}

/** The members, sorted by id, and the ids of rows that no edge wrote. */
export interface ReadTable {
  readonly members: readonly Member[];
  readonly unreadable: readonly string[];
}

/** No age is believed that reaches back beyond what the server and our clock vouch for. */
export function readTable(
  { now, opened, runId, rows }: EdgeTable,
  { trustedForMs, hiddenMs }: ServerTime,
): ReadTable {
  const tableAgeMs = Math.max(0, Math.min(now - opened - hiddenMs, trustedForMs));
  const members: Member[] = [];
  const unreadable: string[] = [];
  for (const { edge, beatenAt, json } of rows) {
    const decoded = decodeHeartbeat(json);
    if (decoded.kind === "heartbeat" && decoded.beat.edge === edge && Number.isFinite(beatenAt)) {
      const heartbeatAgeMs = Math.max(0, Math.min(now - beatenAt - hiddenMs, tableAgeMs));
      const { beat } = decoded;
      // Rule P1: a position of another history says nothing about this one.
      const position = beat.runId === runId ? beat.position : BEGINNING;
      members.push({ ...beat, position, heartbeatAgeMs, tableAgeMs });
    } else unreadable.push(edge);
  }
  members.sort((a, b) => (a.edge < b.edge ? -1 : 1));
  return { members, unreadable: unreadable.sort() };
}
