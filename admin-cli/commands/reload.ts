import { Failure } from "../../process/failure.ts";
import { COMMON_OPTIONS, parseOptions, refusePositionals } from "../arguments.ts";
import type { EdgeClient } from "../client.ts";
import type { Command } from "../command.ts";
import { CALL_MS } from "../deadline.ts";
import { askFleet, fleetAccess } from "../fleet.ts";
import { table } from "../table.ts";

/** One edge in the output; `problem` is null when it has read its settings again. */
interface ReloadRow {
  readonly edge: string;
  readonly problem: string | null;
  /** The digest of the settings in force there; null when it is unknown. */
  readonly config: string | null;
  /** Settings that were changed and need a restart. */
  readonly needsRestart: readonly string[];
}

export const reloadCommand: Command = {
  synopsis: "[options]",
  options: COMMON_OPTIONS,
  examples: [["", "every edge"]],
  notes: [
    "The same as SIGHUP to each edge. Sites with their origins and rules, the ttl of files, callers and certificates\nchange at once, or nothing does: an edge whose settings are wrong keeps those of before and says what is wrong.\nNothing is lost from the cache, and no connection is cut, but a caller that lost a right loses it at once.\nsettings: a digest, equal at edges whose settings are. It needs the rights to read, by which it finds the edges,\nand to reload.",
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
        config: answer?.config ?? null,
        needsRestart: answer?.needsRestart ?? [],
      }),
    );
    terminal.write(
      values.json ? `${JSON.stringify({ edges: rows })}\n` : table(terminal, {}, rows.map(cells)),
    );
    return rows.every(({ problem }) => problem === null) ? 0 : 1;
  },
};

function cells({ edge, problem, config, needsRestart }: ReloadRow) {
  if (config === null) return [edge, problem ?? "reloaded"];
  const reloaded = [edge, "reloaded", `settings ${config.slice(0, 8)}`];
  return needsRestart.length === 0
    ? reloaded
    : [...reloaded, `a restart is needed for ${needsRestart.join(", ")}`];
}

/** Throws a Failure when the edge does not answer at all. */
async function reload(client: EdgeClient): Promise<ReloadRow> {
  const { edge } = await client.ping(CALL_MS);
  try {
    const { config, needsRestart } = await client.reload(CALL_MS);
    return { edge, problem: null, config, needsRestart };
  } catch (thrown) {
    if (thrown instanceof Failure) return { edge, problem: thrown.message, config: null, needsRestart: [] };
    throw thrown;
  }
}
