import { Failure } from "../../process/failure.ts";
import { printable } from "../../process/printable.ts";
import { show } from "../../process/settings/values.ts";
import { type EdgeRow, edgeRow } from "../../proto/json/edge-row.ts";
import { COMMON_OPTIONS, parseOptions } from "../arguments.ts";
import type { Command, ExitCode } from "../command.ts";
import { CALL_MS } from "../deadline.ts";
import { askFleet, askNamed, type FleetAccess, fleetAccess, reachEdge } from "../fleet.ts";
import { stateCell, table } from "../table.ts";
import type { Terminal } from "../terminal.ts";

// The edge looks at the heartbeat table before it asks the purge log to decide. Where that does not answer, the edge says
// so after up to 2 s for the look of another caller, for its own, and for the decision.
const FORGET_MS = 7_000;

export const edgesCommand: Command = {
  synopsis: "[drain <id> | undrain <id> | forget <id>] [options]",
  options: COMMON_OPTIONS,
  examples: [
    ["", "the list"],
    ["drain edge-3", "routers send it nothing while another edge serves"],
    ["undrain edge-3", "they do again"],
    ["forget edge-3", "edge-3 never comes back"],
  ],
  notes: [
    "Addresses, position and heartbeat come from the heartbeat table. The state comes from the edge itself:\nserving, lapsed or draining. An edge that answers no Ping within 2 s is unreachable.\nWhile the heartbeat table cannot be read, the list is what the edge last knew, and stderr says so.",
    "drain <id> takes an edge out of service, for work on its machine: it says that it is draining, its /readyz answers\n503, and routers send it requests only while no other edge is serving. It goes on answering what comes, and applying\npurges. undrain <id> puts it back, and so does a restart. Both need the token, or the right to drain.",
    "forget <id> removes an edge that is gone for good, so that purges no longer wait for it. It refuses unknown ids,\nand edges whose lease may still run. It needs the token in EDGECACHE_TOKEN, if the fleet has one. The read token\nin EDGECACHE_READ_TOKEN is enough for the list.",
    "Exit codes: 0 an edge answered (otherwise: it is done); 1 no edge answered, or it was refused.",
  ],
  async run({ argv, env, terminal }) {
    const { values, positionals } = parseOptions("edges", COMMON_OPTIONS, argv);
    const access = fleetAccess(values, env);
    const wanted = wantedOf(positionals);
    if (wanted !== undefined) {
      const { verb, id } = wanted;
      if (verb === "forget") return forget(id, access, values.json === true, terminal);
      return drain(wanted, access, values.json === true, terminal);
    }
    const asked = await askFleet(
      access,
      (client) => client.ping(CALL_MS),
      (problem) => terminal.complain(problem),
    );
    const rows = asked.map(({ edge, answer }) => edgeRow(edge, answer));
    terminal.write(
      values.json ? `${JSON.stringify({ edges: rows })}\n` : table(terminal, LAYOUT, rows.map(cells)),
    );
    const digests = rows.map(({ sites }) => sites).filter((sites) => sites !== "");
    if (new Set(digests).size > 1) terminal.complain(SITES_DIFFER);
    return 0;
  },
};

const SITES_DIFFER =
  "the edges are configured with different sites (see the column sites): a purge that names a site may mean another there";

const VERBS = ["forget", "drain", "undrain"] as const;

/** What is to be done with one edge. */
interface Wanted {
  readonly verb: (typeof VERBS)[number];
  readonly id: string;
}

/** undefined for the list of edges. Throws Failure("bad-usage"). */
function wantedOf([word, id, more]: readonly string[]): Wanted | undefined {
  if (word === undefined) return undefined;
  const verb = VERBS.find((each) => each === word);
  if (verb !== undefined && id !== undefined && more === undefined) return { verb, id };
  const got = show(verb === undefined ? word : (more ?? ""));
  const rule = "takes no arguments but drain <id>, undrain <id> or forget <id>";
  throw new Failure("bad-usage", "client", `edges: ${rule}, got ${got}`);
}

async function drain(
  { verb, id }: Wanted,
  access: FleetAccess,
  json: boolean,
  terminal: Terminal,
): Promise<ExitCode> {
  const { edge, state } = await askNamed(id, access, {
    ask: (client) => client.drain(verb === "undrain", CALL_MS),
    unknown: (known) =>
      new Failure("bad-usage", "client", `${verb}: must be one of ${known.join(", ")}, got ${show(id)}`),
    warned: (problem) => terminal.complain(problem),
  });
  terminal.write(
    json ? `${JSON.stringify({ edge, state })}\n` : `${printable(edge)} is ${printable(state)} now\n`,
  );
  return 0;
}

async function forget(id: string, access: FleetAccess, json: boolean, terminal: Terminal): Promise<ExitCode> {
  const { client } = await reachEdge(access);
  try {
    await client.forget(id, FORGET_MS);
  } finally {
    client.close();
  }
  terminal.write(json ? `${JSON.stringify({ forgotten: id })}\n` : `${printable(id)} is forgotten\n`);
  return 0;
}

const LAYOUT = {
  head: ["edge", "state", "HTTP", "gRPC", "position", "heartbeat", "boot", "sites", "settings", "version"],
  figures: [5],
};

function cells(row: EdgeRow) {
  const heartbeat = row.heartbeatAgeMs === null ? "none" : `${Math.round(row.heartbeatAgeMs)} ms ago`;
  return [
    row.edge,
    stateCell(row.state),
    row.httpAddress,
    row.grpcAddress,
    row.position,
    heartbeat,
    // A few characters show that it changed.
    row.bootId.slice(0, 8),
    row.sites.slice(0, 8) || "-",
    row.config.slice(0, 8) || "-",
    row.version || "-",
  ];
}
