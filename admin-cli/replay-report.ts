import { z } from "zod";
import { type Cell, table } from "./table.ts";
import type { Painter } from "./terminal.ts";

const tally = z.object({
  requests: z.number(),
  hits: z.number(),
  revalidated: z.number(),
  misses: z.number(),
  bypassed: z.number(),
  own: z.number(),
  bytes: z.number(),
  hitBytes: z.number(),
  objects: z.number(),
  notStored: z.array(z.tuple([z.string(), z.number()])),
});

/** How recorded requests would have been answered, before and after a change of settings. */
export const replayResult = z.object({ skipped: z.number(), before: tally, after: tally });

export type ReplayResult = z.infer<typeof replayResult>;
type Tally = z.infer<typeof tally>;

// More of them say nothing new.
const MOST_REASONS = 5;

export function replayReport(painter: Painter, { skipped, before, after }: ReplayResult): string {
  const rows: (readonly Cell[])[] = [
    ["hit ratio", percent(before.hits, before.requests), percent(after.hits, after.requests)],
    ["hit ratio of bytes", percent(before.hitBytes, before.bytes), percent(after.hitBytes, after.bytes)],
    ...FIGURES.map(([name, label]): readonly Cell[] => [label, `${before[name]}`, `${after[name]}`]),
    ...reasons(before, after),
  ];
  const left = skipped === 0 ? "" : `${skipped} lines or entries were no requests by HTTP\n`;
  return table(painter, LAYOUT, rows) + left;
}

const LAYOUT = { head: ["", "before", "after"], figures: [1, 2] };

const FIGURES = [
  ["requests", "requests"],
  ["hits", "from the store"],
  ["revalidated", "confirmed by the origin"],
  ["misses", "from the origin"],
  ["bypassed", "passed the cache by"],
  ["own", "answered by the edge itself"],
  ["objects", "stored at the end"],
] as const satisfies readonly (readonly [keyof Tally, string])[];

function reasons(before: Tally, after: Tally): (readonly Cell[])[] {
  const times = ({ notStored }: Tally, wanted: string) =>
    String(notStored.find(([reason]) => reason === wanted)?.[1] ?? 0);
  const names = [...new Set([...after.notStored, ...before.notStored].map(([reason]) => reason))];
  return names
    .slice(0, MOST_REASONS)
    .map((reason) => [`not stored: ${reason}`, times(before, reason), times(after, reason)]);
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "-" : `${((100 * part) / whole).toFixed(1)} %`;
}
