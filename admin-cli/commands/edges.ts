import { edgeAddresses } from "../address.ts";
import { COMMON_OPTIONS, parseOptions, refusePositionals } from "../arguments.ts";
import type { Command } from "../command.ts";
import { askFleet, CALL_MS } from "../fleet.ts";
import { roundedMs } from "../milliseconds.ts";
import { stateCell, table } from "../table.ts";

/** One edge in the output; `heartbeatAgeMs` is null when the heartbeat table does not hold it. */
interface EdgeRow {
  readonly edge: string;
  readonly grpcAddress: string;
  readonly httpAddress: string;
  readonly state: string;
  readonly position: string;
  readonly heartbeatAgeMs: number | null;
  readonly bootId: string;
}

export const edgesCommand: Command = {
  name: "edges",
  synopsis: "[options]",
  summary: "list the edges of the fleet, where they are and how they are",
  options: COMMON_OPTIONS,
  notes: [
    "Addresses, position and heartbeat are what the heartbeat table says; the state is what the edge\nanswers to a Ping within 2 s: serving, lapsed or draining, else unreachable.",
    "Exit code 0 when the edge asked knows the fleet, 1 when no edge answers.",
  ],
  async run({ argv, env, terminal }) {
    const { values, positionals } = parseOptions("edges", COMMON_OPTIONS, argv);
    refusePositionals("edges", positionals);
    const addresses = edgeAddresses(values.edge, env.EDGECACHE_EDGE);
    const asked = await askFleet(addresses, (client) => client.ping(CALL_MS));
    const rows = asked.map(
      ({ edge, answer }): EdgeRow => ({
        edge: edge.edge,
        grpcAddress: edge.grpcAddress,
        httpAddress: edge.httpAddress,
        state: answer?.state ?? "unreachable",
        position: edge.position,
        heartbeatAgeMs: edge.heartbeatAgeMs === null ? null : roundedMs(edge.heartbeatAgeMs),
        bootId: edge.bootId,
      }),
    );
    terminal.write(
      values.json ? `${JSON.stringify({ edges: rows })}\n` : table(terminal, LAYOUT, rows.map(cells)),
    );
    return 0;
  },
};

const LAYOUT = {
  head: ["edge", "state", "HTTP", "gRPC", "position", "heartbeat", "boot"],
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
    // Enough to see that it changed.
    row.bootId.slice(0, 8),
  ];
}
