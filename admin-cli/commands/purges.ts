import { Failure } from "../../process/failure.ts";
import { show, wholeNumber } from "../../process/settings/values.ts";
import type { PurgeReceipt, PurgeRecord } from "../../proto/gen/edgecache/v1/edge.ts";
import { purgeRow, targetRow } from "../../proto/json/purge-row.ts";
import { COMMON_OPTIONS, type Options, parseOptions, refusePositionals } from "../arguments.ts";
import type { Command } from "../command.ts";
import { CALL_MS } from "../deadline.ts";
import { fleetAccess, reachEdge } from "../fleet.ts";
import { type Cell, stateCell, table } from "../table.ts";

// An edge remembers 1,000 purges.
const LIMIT = wholeNumber(1, 1_000);
const DEFAULT_LIMIT = 20;

const OPTIONS = {
  limit: { type: "string", value: "number", help: "show this many, the newest first: 1 to 1000 (20)" },
  ...COMMON_OPTIONS,
} as const satisfies Options;

export const purgesCommand: Command = {
  synopsis: "[--limit <number>] [options]",
  options: OPTIONS,
  examples: [
    ["", "the latest 20"],
    ["--limit 100 --json", "as a document"],
  ],
  notes: [
    "The first edge that answers lists the purges that it has applied since its start, at most the latest 1000, with\ntheir current state at the other edges. The time is when that edge applied the purge, by its own clock.",
    "A purge of many targets shows the first ones. The objects are those of the edges that have reported them. An\nedge reports its latest purges only.",
    "Exit codes: 0 an edge answered, 1 no edge answered.",
  ],
  async run({ argv, env, terminal }) {
    const { values, positionals } = parseOptions("purges", OPTIONS, argv);
    refusePositionals("purges", positionals);
    const limit = limitOf(values.limit);
    const { client, ping } = await reachEdge(fleetAccess(values, env));
    try {
      const { purges } = await client.purges(limit, CALL_MS);
      if (values.json) {
        terminal.write(`${JSON.stringify({ edge: ping.edge, purges: purges.map(purgeRow) })}\n`);
      } else if (purges.length === 0) terminal.write(`${ping.edge} has applied no purge since its start\n`);
      else terminal.write(table(terminal, LAYOUT, purges.map(cells)));
      return 0;
    } finally {
      client.close();
    }
  },
};

function limitOf(given: string | undefined): number {
  if (given === undefined) return DEFAULT_LIMIT;
  const limit = LIMIT.parse(given);
  if (limit !== undefined) return limit;
  throw new Failure("bad-usage", "client", `--limit: must be ${LIMIT.rule}, got ${show(given)}`);
}

const LAYOUT = { head: ["time", "position", "what", "edges", "objects", "by", "id"], figures: [4] };

function cells(record: PurgeRecord): Cell[] {
  return [
    record.time?.toISOString() ?? "-",
    record.position,
    `${record.soft ? "soft " : ""}${whatOf(record)}${record.pace === 0 ? "" : ` at ${record.pace}/s`}`,
    edgesCell(record.edges),
    String(record.edges.reduce((sum, { objects }) => sum + objects, 0)),
    record.by,
    record.purgeId,
  ];
}

function whatOf({ targets, targetCount }: PurgeRecord): string {
  const [first] = targets;
  if (first === undefined) return "nothing";
  const [word = "", value = ""] = Object.entries(targetRow(first))[0] ?? [];
  const named = value === true ? word : word === "url" ? String(value) : `${word} ${value}`;
  const within = first.site === "" ? "" : ` in ${first.site}`;
  return `${named}${within}${targetCount > 1 ? ` and ${targetCount - 1} more` : ""}`;
}

/** `applied` when every edge has applied it, else the worst state and the edges in it. */
function edgesCell(edges: readonly PurgeReceipt[]): Cell {
  for (const state of ["pending", "fenced"]) {
    const found = edges.filter((receipt) => receipt.state === state).map(({ edge }) => edge);
    if (found.length > 0) return stateCell(state, `${state} on ${found.join(", ")}`);
  }
  return stateCell("applied", `applied on ${edges.length}`);
}
