import { type Clock, systemClock } from "../../process/clock.ts";
import { roundedMs } from "../../proto/json/rounded-ms.ts";
import { COMMON_OPTIONS, parseOptions, refusePositionals } from "../arguments.ts";
import type { EdgeClient } from "../client.ts";
import type { Command } from "../command.ts";
import { CALL_MS } from "../deadline.ts";
import { askFleet, fleetAccess } from "../fleet.ts";
import { stateCell, table } from "../table.ts";

// Odd, so that there is a middle one. One slow Ping of five does not move it.
const PINGS = 5;

/** One edge in the output; null: it is unreachable. */
interface PingRow {
  readonly edge: string;
  readonly rttMs: number | null;
  readonly state: string;
  /** Sites whose origin it could not reach when it was last asked. */
  readonly originsUnreachable: number | null;
}

export const pingCommand: Command = {
  synopsis: "[options]",
  options: COMMON_OPTIONS,
  examples: [
    ["", "every edge"],
    ["--edge edge-1.example:50051", "find the fleet through this edge"],
  ],
  notes: [
    `The time is the median of ${PINGS} gRPC Pings, sent one after the other. A first Ping sets up the connection and\nis not counted. All edges are measured at once. An edge that does not answer within 2 s is unreachable.`,
    "Exit codes: 0 an edge answered, 1 no edge answered.",
  ],
  async run({ argv, env, terminal }) {
    const { values, positionals } = parseOptions("ping", COMMON_OPTIONS, argv);
    refusePositionals("ping", positionals);
    const access = fleetAccess(values, env);
    const asked = await askFleet(
      access,
      (client) => measure(client, systemClock),
      (problem) => terminal.complain(problem),
    );
    const rows = asked.map(
      ({ edge, answer }): PingRow => ({
        edge: edge.edge,
        rttMs: answer === undefined ? null : roundedMs(answer.rttMs),
        state: answer?.state ?? "unreachable",
        originsUnreachable: answer?.originsUnreachable ?? null,
      }),
    );
    terminal.write(
      values.json ? `${JSON.stringify({ edges: rows })}\n` : table(terminal, LAYOUT, rows.map(cells)),
    );
    return 0;
  },
};

const LAYOUT = { head: ["edge", "round trip", "state"], figures: [1] };

function cells({ edge, rttMs, state, originsUnreachable }: PingRow) {
  const away = originsUnreachable ?? 0;
  const note = away === 0 ? "" : `, ${away} ${away === 1 ? "origin" : "origins"} unreachable`;
  return [edge, rttMs === null ? "-" : `${rttMs.toFixed(2)} ms`, stateCell(state, `${state}${note}`)];
}

/** One Ping to connect, then the median of five. Throws a Failure when any of them gets no answer. */
async function measure(client: EdgeClient, clock: Clock): Promise<PingRow & { rttMs: number }> {
  let { edge, state, originsUnreachable } = await client.ping(CALL_MS);
  const times: number[] = [];
  for (let i = 0; i < PINGS; i++) {
    const sent = clock.monotonic();
    ({ edge, state, originsUnreachable } = await client.ping(CALL_MS));
    times.push(clock.monotonic() - sent);
  }
  times.sort((a, b) => a - b);
  return { edge, state, originsUnreachable, rttMs: times[(PINGS - 1) / 2] ?? Number.NaN };
}
