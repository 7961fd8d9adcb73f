import { Failure } from "../../process/failure.ts";
import { COMMON_OPTIONS, parseOptions, refusePositionals } from "../arguments.ts";
import type { EdgeClient } from "../client.ts";
import type { Command } from "../command.ts";
import { askFleet, CALL_MS, fleetAccess } from "../fleet.ts";
import { table } from "../table.ts";

/** One edge in the output; `problem` is null when it has read its settings again. */
interface ReloadRow {
  readonly edge: string;
  readonly problem: string | null;
}

export const reloadCommand: Command = {
  name: "reload",
  synopsis: "[options]",
  summary: "make every edge read its certificates and callers again",
  options: COMMON_OPTIONS,
  notes: [
    "The same as SIGHUP to each edge. A caller that lost a right loses it at once. An edge whose settings are wrong keeps\nthose of before and says what is wrong. Other settings than certificates and callers need a restart. It needs the\nrights to read, by which it finds the edges, and to reload.",
    "Exit codes: 0 every edge has read them; 1 one of them has not.",
  ],
  async run({ argv, env, terminal }) {
    const { values, positionals } = parseOptions("reload", COMMON_OPTIONS, argv);
    refusePositionals("reload", positionals);
    const asked = await askFleet(fleetAccess(values, env), reload, (problem) => terminal.complain(problem));
    const rows = asked.map(
      ({ edge, answer }): ReloadRow => ({
        edge: edge.edge,
        problem: answer === undefined ? "unreachable" : answer.problem,
      }),
    );
    const cells = rows.map(({ edge, problem }) => [edge, problem ?? "reloaded"]);
    terminal.write(values.json ? `${JSON.stringify({ edges: rows })}\n` : table(terminal, {}, cells));
    return rows.every(({ problem }) => problem === null) ? 0 : 1;
  },
};

/** Throws a Failure when the edge does not answer at all. */
async function reload(client: EdgeClient): Promise<ReloadRow> {
  const { edge } = await client.ping(CALL_MS);
  try {
    await client.reload(CALL_MS);
    return { edge, problem: null };
  } catch (thrown) {
    if (thrown instanceof Failure) return { edge, problem: thrown.message };
    throw thrown;
  }
}
