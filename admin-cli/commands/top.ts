import { Failure } from "../../process/failure.ts";
import { show, wholeNumber } from "../../process/settings/values.ts";
import type { TopRow } from "../../proto/gen/edgecache/v1/edge.ts";
import { TOP_ORDERS, type TopOrder, topRows } from "../../proto/json/top-rows.ts";
import { COMMON_OPTIONS, type Options, parseOptions, refusePositionals } from "../arguments.ts";
import type { Command } from "../command.ts";
import { CALL_MS } from "../deadline.ts";
import { askFleet, fleetAccess } from "../fleet.ts";
import { table } from "../table.ts";

// What an edge tells at most.
const LIMIT = wholeNumber(1, 100);
const DEFAULT_LIMIT = 20;

const OPTIONS = {
  by: { type: "string", value: "order", help: `${TOP_ORDERS.join(" | ")} (requests)` },
  limit: { type: "string", value: "number", help: `rows: 1 to 100 (${DEFAULT_LIMIT})` },
  ...COMMON_OPTIONS,
} as const satisfies Options;

export const topCommand: Command = {
  synopsis: "[--by misses] [--limit N] [options]",
  options: OPTIONS,
  examples: [
    ["", "what is asked for most"],
    ["--by misses", "what misses, why, and what would mend it"],
  ],
  notes: [
    "Every edge counts the last five to ten minutes, by a sample of its requests: the figures are estimates.\nmisses: requests that were no hits.",
    "Exit codes: 0 an edge answered; 1 no edge answered; 2 wrong usage.",
  ],
  async run({ argv, env, terminal }) {
    const { values, positionals } = parseOptions("top", OPTIONS, argv);
    refusePositionals("top", positionals);
    const by = orderOf(values.by ?? "requests");
    const limit = limitOf(values.limit ?? String(DEFAULT_LIMIT));
    // What is rare at one edge may be frequent at another: each tells as much as it can.
    const request = { by, limit: 100 };
    const asked = await askFleet(
      fleetAccess(values, env),
      (client) => client.top(request, CALL_MS),
      (problem) => terminal.complain(problem),
    );
    const rows = topRows(
      by,
      asked.map(({ answer }) => answer?.rows ?? []),
      limit,
    );
    if (values.json) terminal.write(`${JSON.stringify({ by, rows })}\n`);
    else terminal.write(table(terminal, LAYOUT, rows.map(cells)));
    return 0;
  },
};

function orderOf(text: string): TopOrder {
  const order = TOP_ORDERS.find((each) => each === text);
  if (order !== undefined) return order;
  throw new Failure(
    "bad-usage",
    "client",
    `--by: must be one of ${TOP_ORDERS.join(", ")}, got ${show(text)}`,
  );
}

function limitOf(text: string): number {
  const limit = LIMIT.parse(text);
  if (limit !== undefined) return limit;
  throw new Failure("bad-usage", "client", `--limit: must be ${LIMIT.rule}, got ${show(text)}`);
}

const LAYOUT = {
  head: ["requests", "misses", "bytes", "slowest", "url", "why, and what would mend it"],
  figures: [0, 1, 2, 3],
};

function cells({ requests, misses, bytes, slowestMs, url, reason, mend }: TopRow): readonly string[] {
  const why = mend === "" ? reason : `${reason} Mend: ${mend}`;
  return [String(requests), String(misses), String(bytes), `${Math.round(slowestMs)} ms`, url, why];
}
