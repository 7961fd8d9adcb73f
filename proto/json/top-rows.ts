import type { TopRow } from "../gen/edgecache/v1/edge.ts";

export const TOP_ORDERS = ["requests", "bytes", "slowest", "misses"] as const;

export type TopOrder = (typeof TOP_ORDERS)[number];

const FIGURES: Readonly<Record<TopOrder, (row: TopRow) => number>> = {
  requests: ({ requests }) => requests,
  bytes: ({ bytes }) => bytes,
  slowest: ({ slowestMs }) => slowestMs,
  misses: ({ misses }) => misses,
};

/** The rows of all edges as those of one: a URL that several have seen is one row. */
export function topRows(
  order: TopOrder,
  ofEdges: readonly (readonly TopRow[])[],
  limit: number,
): readonly TopRow[] {
  const merged = new Map<string, TopRow>();
  for (const row of ofEdges.flat()) {
    // No site has a blank in its name.
    const key = `${row.site} ${row.url}`;
    const other = merged.get(key);
    merged.set(key, other === undefined ? row : joined(other, row));
  }
  const figure = FIGURES[order];
  return [...merged.values()].toSorted((a, b) => figure(b) - figure(a)).slice(0, limit);
}

/** The reason is that of the edge with more misses. */
function joined(a: TopRow, b: TopRow): TopRow {
  const { reason, mend } = b.reason !== "" && (a.reason === "" || b.misses > a.misses) ? b : a;
  return {
    url: a.url,
    site: a.site,
    requests: a.requests + b.requests,
    bytes: a.bytes + b.bytes,
    slowestMs: Math.max(a.slowestMs, b.slowestMs),
    misses: a.misses + b.misses,
    reason,
    mend,
  };
}
