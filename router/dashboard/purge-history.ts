import type { PurgeRecord } from "../../proto/gen/edgecache/v1/edge.ts";
import { purgeRow } from "../../proto/json/purge-row.ts";

/** A purge as the page shows it. */
export type PurgeRow = ReturnType<typeof purgeRow>;

// As many as a screen shows with some scrolling. An edge keeps 1,000.
export const MOST_PURGES = 50;

/** The latest purges of the fleet, as they were last told. */
export class PurgeHistory {
  #told = new Map<string, string>();
  #rows: readonly PurgeRow[] = [];

  /** The oldest first. */
  get rows(): readonly PurgeRow[] {
    return this.#rows;
  }

  /** Whether an edge has yet to confirm one of those that were accepted after `ms`, in wall time. */
  isPendingSince(ms: number): boolean {
    return this.#rows.some(
      ({ edges, time }) =>
        time !== null && Date.parse(time) > ms && edges.some(({ state }) => state === "pending"),
    );
  }

  /** Those of `records`, the latest first, that are new or have another receipt than before; the oldest first. */
  news(records: readonly PurgeRecord[]): readonly PurgeRow[] {
    const rows = records.slice(0, MOST_PURGES).map(purgeRow).toReversed();
    const texts = new Map(rows.map((row) => [keyOf(row), JSON.stringify(row)]));
    const news = rows.filter((row) => texts.get(keyOf(row)) !== this.#told.get(keyOf(row)));
    this.#told = texts;
    this.#rows = rows;
    return news;
  }
}

/** An id may come again after the edges have forgotten it. */
function keyOf({ purgeId, position }: PurgeRow): string {
  return `${position} ${purgeId}`;
}
