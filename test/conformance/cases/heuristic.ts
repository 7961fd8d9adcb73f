import { type Case, conformanceCase, type FieldLine, notReused, type Row, reused } from "../case.ts";

const DAY = 24 * 60 * 60;

const ALLOWED = [200, 203, 204, 404, 405, 410, 414, 501];
const NOT_ALLOWED = [201, 202, 403, 502, 503, 504, 599];

/** A tenth of its age is longer than the pause for the later of these, and not for the earlier. */
const TOO_YOUNG = [5, 10, 30];
const OLD_ENOUGH = [60, 300, 600, 1200, 1800, 3600, DAY / 2, DAY];

export const heuristic: readonly Case[] = [
  ...ALLOWED.map((status) =>
    byStatus(`heuristic-${status}-cached`, status, "cache", `reuses a ${status} by its Last-Modified`),
  ),
  ...NOT_ALLOWED.map((status) =>
    byStatus(
      `heuristic-${status}-not_cached`,
      status,
      "origin",
      `does not reuse a ${status} by its Last-Modified`,
    ),
  ),
  byStatus(
    "heuristic-599-cached",
    599,
    "cache",
    "reuses an unknown status by its Last-Modified when it is public",
    [["Cache-Control", "public"]],
  ),
  ...notReused(TOO_YOUNG.map((seconds) => modified(seconds, "does not find fresh for long"))),
  ...reused(OLD_ENOUGH.map((seconds) => modified(seconds, "finds fresh for a while"))),
];

function byStatus(
  id: string,
  status: number,
  from: "cache" | "origin",
  title: string,
  more: readonly FieldLine[] = [],
): Case {
  const fields: readonly FieldLine[] = [["Last-Modified", -DAY], ["Date", 0], ...more];
  const body = status === 204 ? "" : `content of a ${status}`;
  return conformanceCase(from === "cache" ? "optimal" : "required", id, title, "9111 4.2.2", [
    { reply: { status, fields, body } },
    { reply: { status, body }, expect: { from } },
  ]);
}

function modified(seconds: number, verdict: string): Row {
  return [
    "check",
    `heuristic-delta-${seconds}`,
    `${verdict} what was modified ${seconds} seconds ago`,
    "9111 4.2.2",
    [
      ["Last-Modified", -seconds],
      ["Date", 0],
    ],
  ];
}
