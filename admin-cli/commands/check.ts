import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { Failure } from "../../process/failure.ts";
import { duration, show } from "../../process/settings/values.ts";
import { COMMON_OPTIONS, type Options, parseOptions } from "../arguments.ts";
import type { Command } from "../command.ts";
import { tryEdge } from "../edge-trial.ts";
import { replayReport, replayResult } from "../replay-report.ts";
import { type Cell, table } from "../table.ts";

const PROGRAMS = ["edge", "router", "start"] as const;

const OPTIONS = {
  from: {
    type: "string",
    value: "record",
    help: "a HAR file or an access log: print the hit ratio that its requests would have had with this file",
  },
  before: {
    type: "string",
    value: "file",
    help: "with --from: the configuration file to compare with (this one without its rules)",
  },
  host: {
    type: "string",
    value: "host",
    help: "with --from: the host of requests whose record names none (the first host of the file)",
  },
  "assume-ttl": {
    type: "string",
    value: "duration",
    help: "with --from: how long responses are fresh whose fields were not recorded (1m)",
  },
  program: { type: "string", value: PROGRAMS.join("|"), help: "the program that the file is for (edge)" },
  json: COMMON_OPTIONS.json,
  help: COMMON_OPTIONS.help,
} as const satisfies Options;

const ONLY_WITH_FROM = ["before", "host", "assume-ttl"] as const;

// The programs stand beside this one, and are started, not imported.
const CHECK = join(import.meta.dirname, "..", "..", "start", "check.ts");

const checked = z.object({
  problems: z.array(z.string()),
  warnings: z.array(z.string()),
  settings: z.string().nullable(),
});

export const checkCommand: Command = {
  synopsis: "<file> [options] [-- <flag>…]",
  options: OPTIONS,
  examples: [
    ["edge.yaml", "would the edge start?"],
    ["router.yaml --program router", ""],
    ["new.yaml --from site.har --before old.yaml", "which hit ratio would it bring?"],
  ],
  notes: [
    "--from plays the requests of a record, in their order and at their times, to an edge with the settings of the file and\nan empty cache, and to one without its rules. The origin answers as in the record. An access log has no fields: its\nresponses are fresh for --assume-ttl, so the figures say what the rules change, not what the origin allows.",
    "Reads the file as the program would, together with its environment variables and the flags after --. Looks at the\ndirectories and certificates that it names. Connects to nothing, starts nothing.",
    "Exit codes: 0 the program would start (there may be warnings); 1 it would not.",
  ],
  async run({ argv, env, terminal }) {
    const { values, positionals } = parseOptions("check", OPTIONS, argv);
    const [file, ...flags] = positionals;
    if (file === undefined) throw badUsage("check: takes the path of a file, got nothing");
    const program = values.program ?? "edge";
    if (!PROGRAMS.some((known) => known === program))
      throw badUsage(`check: --program: must be one of ${PROGRAMS.join(", ")}, got ${show(program)}`);
    if (values.from !== undefined) {
      if (program !== "edge") throw badUsage(`check: --from: must be for an edge, got ${show(program)}`);
      const ttl = values["assume-ttl"] ?? "1m";
      const assumedTtlMs = ASSUMED_TTL.parse(ttl);
      if (assumedTtlMs === undefined)
        throw badUsage(`check: --assume-ttl: must be ${ASSUMED_TTL.rule}, got ${show(ttl)}`);
      const { from, host = "", before } = values;
      const task = { what: "replay", from, host, assumedTtlMs, before };
      const replayed = replayResult.parse(await tryEdge(task, ["--config", file, ...flags], env));
      terminal.write(values.json ? `${JSON.stringify(replayed)}\n` : replayReport(terminal, replayed));
      return 0;
    }
    for (const flag of ONLY_WITH_FROM) {
      const given = values[flag];
      if (given !== undefined)
        throw badUsage(`check: --${flag}: must be given together with --from, got ${show(given)} alone`);
    }
    const { stdout } = await run(process.execPath, [CHECK, program, "--config", file, ...flags], { env });
    const { problems, warnings, settings } = checked.parse(JSON.parse(stdout));
    const right = problems.length === 0;
    const rows: (readonly Cell[])[] = [
      ...problems.map((line) => [{ text: "problem", colour: "red" } as const, line]),
      ...warnings.map((line) => [{ text: "warning", colour: "yellow" } as const, line]),
      ...(right ? [[{ text: "right", colour: "green" } as const, rightText(program, settings)]] : []),
    ];
    terminal.write(
      values.json
        ? `${JSON.stringify({ right, problems, warnings, settings })}\n`
        : table(terminal, {}, rows),
    );
    return right ? 0 : 1;
  },
};

const run = promisify(execFile);

const YEAR_MS = 365 * 24 * 3_600_000;
const ASSUMED_TTL = duration(0, YEAR_MS);

function rightText(program: string, settings: string | null): string {
  const digest = settings === null ? "" : `; settings ${settings.slice(0, 8)}`;
  return `${program} would start with this file${digest}`;
}

function badUsage(message: string): Failure {
  return new Failure("bad-usage", "client", message);
}
