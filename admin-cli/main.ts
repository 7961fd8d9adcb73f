import manifest from "../package.json" with { type: "json" };
import { Failure } from "../process/failure.ts";
import { suggest } from "../process/settings/suggest.ts";
import { show } from "../process/settings/values.ts";
import { COMMON_OPTIONS, optionsHelp, parseOptions, splitCommand } from "./arguments.ts";
import type { Command, ExitCode } from "./command.ts";
import { edgesCommand } from "./commands/edges.ts";
import { explainCommand } from "./commands/explain.ts";
import { pingCommand } from "./commands/ping.ts";
import { purgeCommand } from "./commands/purge/purge.ts";
import { purgesCommand } from "./commands/purges.ts";
import { routeCommand } from "./commands/route.ts";
import { statsCommand } from "./commands/stats.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

/** In the order of --help. */
export const COMMANDS: readonly Command[] = [
  purgeCommand,
  purgesCommand,
  statsCommand,
  pingCommand,
  edgesCommand,
  explainCommand,
  routeCommand,
];

const PROGRAM_OPTIONS = {
  ...COMMON_OPTIONS,
  version: { type: "boolean", help: "print the version and leave" },
} as const;

/** The whole program: finds the command, runs it, and leaves its exit code in `process`. */
export async function run(process: NodeJS.Process): Promise<void> {
  const terminal = processTerminal(process);
  try {
    process.exitCode = await runCommand(process.argv.slice(2), process.env, terminal);
  } catch (thrown) {
    // Anything but a Failure is a mistake of ours, and its trace is what we want to be told.
    if (!(thrown instanceof Failure)) throw thrown;
    terminal.complain(thrown.message);
    process.exitCode = thrown.code === "bad-usage" ? 2 : 1;
  }
}

async function runCommand(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  terminal: Terminal,
): Promise<ExitCode> {
  const { name, rest } = splitCommand(argv);
  if (name === undefined) return runProgram(rest, terminal);
  const command = COMMANDS.find((known) => known.name === name);
  if (command === undefined) throw unknownCommand(name);
  if (asksForHelp(rest)) {
    terminal.write(commandHelp(command));
    return 0;
  }
  return command.run({ argv: rest, env, terminal });
}

function runProgram(argv: readonly string[], terminal: Terminal): ExitCode {
  const { values } = parseOptions("admin-cli", PROGRAM_OPTIONS, argv);
  if (values.help) terminal.write(programHelp());
  else if (values.version) terminal.write(`${manifest.version}\n`);
  else {
    const names = COMMANDS.map(({ name }) => name).join(" | ");
    throw new Failure("bad-usage", "client", `command: must be ${names} (see admin-cli --help): nothing`);
  }
  return 0;
}

function unknownCommand(name: string): Failure {
  const names = COMMANDS.map((command) => command.name);
  const near = suggest(name, names);
  const rule = near === undefined ? `must be ${names.join(" | ")}` : `did you mean ${near}?`;
  return new Failure("bad-usage", "client", `command: ${rule}: ${show(name)}`);
}

/** Before `--`, behind which everything is an argument. */
function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end === -1 ? undefined : end).some((word) => word === "--help" || word === "-h");
}

function programHelp(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  return [
    "Usage: admin-cli <command> [options]\n\nTalks to the edges of an edgeCache fleet through the gRPC port of any of them, and to its routers.\n\nCommands:\n",
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`),
    `\nOptions:\n${optionsHelp(PROGRAM_OPTIONS)}`,
    "\nExit code 0 when it is done, and for a purge proven; 1 when not; 2 when the command line is not understood.\n",
    "Each command explains itself: admin-cli <command> --help\n",
  ].join("");
}

function commandHelp({ name, synopsis, summary, options, notes }: Command): string {
  const sentence = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
  return [
    `Usage: admin-cli ${name} ${synopsis}\n\n${sentence}\n\nOptions:\n${optionsHelp(options)}`,
    ...notes.map((note) => `\n${note}\n`),
  ].join("");
}
