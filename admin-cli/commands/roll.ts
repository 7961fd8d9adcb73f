import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { describeError, Failure } from "../../process/failure.ts";
import { printable } from "../../process/printable.ts";
import { duration, show, type ValueType } from "../../process/settings/values.ts";
import { COMMON_OPTIONS, type Options, parseOptions } from "../arguments.ts";
import { connectEdge } from "../client.ts";
import type { Command } from "../command.ts";
import { CALL_MS } from "../deadline.ts";
import { askFleet, type FleetAccess, fleetAccess } from "../fleet.ts";
import type { Proof } from "../proof.ts";
import { type RollEdge, type RollRules, turnOf } from "../roll-plan.ts";
import { askEdges, routerAddress } from "../router-client.ts";
import type { Terminal } from "../terminal.ts";

const WAIT = duration(1_000, 3_600_000);
const DEFAULT_WAIT = "2m";
// Drains, starts and the end of a lease take seconds.
const LOOK_EVERY_MS = 250;
const PAUSE = duration(0, 3_600_000);
// A router looks for new edges every 400 ms and sends requests to one that answers its Pings. Routers that are named say
// themselves when they do.
const UNSEEN_PAUSE = "3s";
const SEEN_PAUSE = "0s";

const OPTIONS = {
  to: {
    type: "string",
    value: "version",
    help: "pass over edges of this version; all others must become it",
  },
  only: { type: "string", value: "id,…", help: "restart only these edges, such as one to begin with" },
  wait: {
    type: "string",
    value: "duration",
    help: `how long the command and the start of each edge may take together (${DEFAULT_WAIT})`,
  },
  pause: {
    type: "string",
    value: "duration",
    help: `how long to wait between two edges (${UNSEEN_PAUSE}; ${SEEN_PAUSE} with --router)`,
  },
  router: {
    type: "string",
    multiple: true,
    value: "host:port",
    help: "operator port of a router, which must take every edge for serving before the next one is restarted",
  },
  ...COMMON_OPTIONS,
} as const satisfies Options;

/** One edge in the output. `version` is null while it is unknown. */
interface RollRow {
  readonly edge: string;
  readonly outcome: "restarted" | "passed over" | "failed" | "not reached";
  readonly before: string | null;
  readonly version: string | null;
  readonly ms: number | null;
  readonly problem: string | null;
}

interface Roll extends RollRules {
  readonly access: FleetAccess;
  readonly routers: readonly string[];
  readonly waitMs: number;
  readonly pauseMs: number;
}

/** An edge of the fleet, and where it was asked. */
interface Found extends RollEdge {
  readonly address: string;
  readonly bootId: string;
}

export const rollCommand: Command = {
  synopsis: "[options] -- <command> [arguments]",
  options: OPTIONS,
  examples: [["-- ssh {host} sudo systemctl restart edgecache-edge", "one edge after the other"]],
  notes: [
    "The command restarts one edge: it must send it SIGTERM, so that it drains, and start it again. {edge} and {host}\nstand for the edge's id and for its host. Its output goes to stderr.",
    "An edge is done when it serves again after a new start, and each router that is named says so too. Then comes\nthe next one. The first that fails ends the roll, and so does an edge that serves no more: the others stay as they\nare. To go back is the same, with a command that starts the version of before. --to lets a roll that was ended go on.",
    "Exit codes: 0 all edges were restarted or passed over; 1 one of them failed, or was not reached.",
  ],
  async run({ argv, env, terminal }) {
    const { values, positionals } = parseOptions("roll", OPTIONS, argv);
    if (positionals.length === 0) {
      const rule =
        "roll: takes the command that restarts an edge after --, such as -- ssh {host} restart-edge";
      throw new Failure("bad-usage", "client", `${rule}, got nothing`);
    }
    const roll: Roll = {
      command: positionals,
      to: values.to,
      access: fleetAccess(values, env),
      routers: (values.router ?? []).map((given) => routerAddress(given, undefined) ?? given),
      waitMs: timeOf("wait", WAIT, values.wait ?? DEFAULT_WAIT),
      pauseMs: timeOf(
        "pause",
        PAUSE,
        values.pause ?? (values.router === undefined ? UNSEEN_PAUSE : SEEN_PAUSE),
      ),
    };
    const first = await lookAtFleet(roll.access);
    if (first.length === 1)
      terminal.complain(`${first[0]?.edge} is the only edge: nobody serves while it starts`);
    const edges = chosen(first, values.only);
    const onRow = (row: RollRow) => {
      if (values.json !== true) terminal.write(`${printable(lineOf(row))}\n`);
    };
    const rows = await rollAll(edges, first, roll, terminal, onRow);
    if (values.json) terminal.write(`${JSON.stringify({ edges: rows })}\n`);
    const isDone = ({ outcome }: RollRow) => outcome === "restarted" || outcome === "passed over";
    return rows.every(isDone) ? 0 : 1;
  },
};

function timeOf(option: string, type: ValueType<number>, given: string): number {
  const ms = type.parse(given);
  if (ms !== undefined) return ms;
  throw new Failure("bad-usage", "client", `--${option}: must be ${type.rule}, got ${show(given)}`);
}

/** Throws Failure("bad-usage") for an id that no edge has. */
function chosen(fleet: readonly Found[], only: string | undefined): readonly Found[] {
  if (only === undefined) return fleet;
  return only.split(",").map((id) => {
    const found = fleet.find(({ edge }) => edge === id.trim());
    if (found !== undefined) return found;
    const ids = fleet.map(({ edge }) => edge).join(", ");
    throw new Failure(
      "bad-usage",
      "client",
      `--only: must name edges of the fleet (${ids}), got ${show(id)}`,
    );
  });
}

async function rollAll(
  edges: readonly Found[],
  first: readonly Found[],
  roll: Roll,
  terminal: Terminal,
  onRow: (row: RollRow) => void,
): Promise<readonly RollRow[]> {
  const stopped = terminal.untilStopped();
  // An edge that is restarted cannot tell where the others are.
  const addresses = [...new Set([...roll.access.addresses, ...first.map(({ address }) => address)])];
  const rows: RollRow[] = [];
  for (const edge of edges) {
    if (rows.at(-1)?.outcome === "restarted")
      await delay(roll.pauseMs, undefined, { signal: stopped }).catch(() => undefined);
    const ended = stopped.aborted || rows.some(({ outcome }) => outcome === "failed");
    const row = ended
      ? rowOf(edge, { kind: "not reached" })
      : await rollOne(edge, first, { ...roll, access: { ...roll.access, addresses } });
    onRow(row);
    rows.push(row);
  }
  return rows;
}

async function rollOne(edge: Found, first: readonly Found[], roll: Roll): Promise<RollRow> {
  const began = performance.now();
  try {
    const now = await lookAtFleet(roll.access);
    const fleet = first.map(
      (one) => now.find((other) => other.edge === one.edge) ?? { ...one, state: "unreachable" },
    );
    const here = fleet.find((one) => one.edge === edge.edge) ?? edge;
    const turn = turnOf(here, fleet, roll);
    switch (turn.kind) {
      case "skip":
        return rowOf(edge, { kind: "passed over", version: here.version });
      case "stop":
        return rowOf(edge, { kind: "failed", problem: turn.why });
      case "restart": {
        const patience = AbortSignal.timeout(roll.waitMs);
        const others = fleet.filter((one) => one.edge !== edge.edge);
        await untilRouted(others, roll, patience);
        await runCommand(turn.command, patience);
        const version = await untilServes(here, roll.access.proof, patience);
        if (roll.to !== undefined && version !== roll.to)
          return rowOf(edge, { kind: "failed", problem: `it runs ${version}, not ${roll.to}` });
        await untilRouted(fleet, roll, patience);
        return rowOf(edge, { kind: "restarted", version, ms: Math.round(performance.now() - began) });
      }
    }
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return rowOf(edge, { kind: "failed", problem: thrown.message });
  }
}

async function lookAtFleet(access: FleetAccess): Promise<readonly Found[]> {
  const asked = await askFleet(access, (client) => client.ping(CALL_MS));
  return asked.map(({ edge: { edge, httpAddress }, address, answer }) => ({
    edge,
    httpAddress,
    address,
    state: answer?.state ?? "unreachable",
    version: answer?.version ?? "",
    bootId: answer?.bootId ?? "",
  }));
}

async function runCommand([file = "", ...args]: readonly string[], patience: AbortSignal): Promise<void> {
  // Standard output is for rows.
  const child = spawn(file, args, { stdio: ["ignore", 2, 2], signal: patience });
  try {
    const [code, signal]: readonly unknown[] = await once(child, "exit");
    if (code === 0) return;
    throw new Failure("call-failed", "client", `the command ended with ${code ?? signal}`);
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    const why = patience.aborted ? "does not end in the time of --wait" : describeError(thrown);
    throw new Failure("call-failed", "client", `the command ${show(file)}: ${why}`, thrown);
  }
}

/** Resolves to its version. */
async function untilServes({ edge, address, bootId }: Found, proof: Proof, patience: AbortSignal) {
  const client = connectEdge(address, proof);
  try {
    return await looked("it serves no requests after the command", patience, async () => {
      const answer = await client.ping(CALL_MS);
      if (answer.edge !== edge) return { why: `${address} is now the address of ${answer.edge}` };
      if (answer.bootId === bootId) return { why: "it was not started anew" };
      return answer.state === "serving" ? { found: answer.version } : { why: `it is ${answer.state}` };
    });
  } finally {
    client.close();
  }
}

/** Resolves when every router that is named takes each of the edges for serving. */
async function untilRouted(edges: readonly RollEdge[], { routers, access }: Roll, patience: AbortSignal) {
  for (const router of routers) {
    await looked(`the router at ${router} does not take all edges for serving`, patience, async () => {
      const rows = await askEdges(router, access.proof);
      const missing = edges.find(
        ({ edge }) => !rows.some((row) => row.edge === edge && row.state === "serving"),
      );
      return missing === undefined ? { found: true } : { why: `not ${missing.edge}` };
    });
  }
}

/** Looks until `look` finds it. Throws a Failure, with what it saw last, when the time is up. */
async function looked<T>(
  what: string,
  patience: AbortSignal,
  look: () => Promise<{ readonly found: T } | { readonly why: string }>,
): Promise<T> {
  for (;;) {
    let last: string;
    try {
      const seen = await look();
      if ("found" in seen) return seen.found;
      last = seen.why;
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      last = thrown.message;
    }
    if (patience.aborted) throw new Failure("no-answer", "edge", `${what}: ${last}`);
    await delay(LOOK_EVERY_MS);
  }
}

type Ending =
  | { readonly kind: "restarted"; readonly version: string; readonly ms: number }
  | { readonly kind: "passed over"; readonly version: string }
  | { readonly kind: "failed"; readonly problem: string }
  | { readonly kind: "not reached" };

function rowOf({ edge, version: before }: Found, ending: Ending): RollRow {
  return {
    edge,
    outcome: ending.kind,
    before: before || null,
    version: "version" in ending ? ending.version : null,
    ms: "ms" in ending ? ending.ms : null,
    problem: "problem" in ending ? ending.problem : null,
  };
}

function lineOf({ edge, outcome, before, version, ms, problem }: RollRow): string {
  switch (outcome) {
    case "restarted":
      return `${edge}: ${before ?? "unknown"} to ${version}, serves after ${((ms ?? 0) / 1000).toFixed(1)} s`;
    case "passed over":
      return `${edge}: runs ${version} already`;
    case "failed":
      return `${edge}: failed: ${problem}`;
    case "not reached":
      return `${edge}: not reached, as it was`;
  }
}
