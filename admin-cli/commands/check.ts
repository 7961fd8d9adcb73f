import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { Failure } from "../../process/failure.ts";
import { show } from "../../process/settings/values.ts";
import { COMMON_OPTIONS, type Options, parseOptions } from "../arguments.ts";
import type { Command } from "../command.ts";
import { type Cell, table } from "../table.ts";

const PROGRAMS = ["edge", "router", "start"] as const;

const OPTIONS = {
  program: { type: "string", value: PROGRAMS.join("|"), help: "the program that the file is for (edge)" },
  json: COMMON_OPTIONS.json,
  help: COMMON_OPTIONS.help,
} as const satisfies Options;

// The programs stand beside this one, and are started, not imported.
const CHECK = join(import.meta.dirname, "..", "..", "start", "check.ts");

const checked = z.object({
  problems: z.array(z.string()),
  warnings: z.array(z.string()),
  settings: z.string().nullable(),
});

export const checkCommand: Command = {
  name: "check",
  synopsis: "<file> [options] [-- <flag>…]",
  summary: "check a configuration file before a program is started or reloaded with it",
  options: OPTIONS,
  notes: [
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

function rightText(program: string, settings: string | null): string {
  const digest = settings === null ? "" : `; settings ${settings.slice(0, 8)}`;
  return `npm run ${program} would start with this file${digest}`;
}

function badUsage(message: string): Failure {
  return new Failure("bad-usage", "client", message);
}
