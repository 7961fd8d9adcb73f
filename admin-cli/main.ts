import manifest from "../package.json" with { type: "json" };
import { Failure } from "../process/failure.ts";
import { suggest } from "../process/settings/suggest.ts";
import { show } from "../process/settings/values.ts";
import { COMMON_OPTIONS, optionsHelp, parseOptions, splitCommand } from "./arguments.ts";
import type { Command, ExitCode } from "./command.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

/** In the order of --help. Only the command that runs is loaded: loading all of them takes longer than a call. */
const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ["purge", async () => (await import("./commands/purge/purge.ts")).purgeCommand],
  ["purges", async () => (await import("./commands/purges.ts")).purgesCommand],
  ["stats", async () => (await import("./commands/stats.ts")).statsCommand],
  ["ping", async () => (await import("./commands/ping.ts")).pingCommand],
  ["edges", async () => (await import("./commands/edges.ts")).edgesCommand],
  ["explain", async () => (await import("./commands/explain.ts")).explainCommand],
  ["route", async () => (await import("./commands/route.ts")).routeCommand],
  ["check", async () => (await import("./commands/check.ts")).checkCommand],
  ["doctor", async () => (await import("./commands/doctor.ts")).doctorCommand],
  ["reload", async () => (await import("./commands/reload.ts")).reloadCommand],
  ["sign", async () => (await import("./commands/sign.ts")).signCommand],
  ["certs", async () => (await import("./commands/certs.ts")).certsCommand],
]);

const PROGRAM_OPTIONS = {
  ...COMMON_OPTIONS,
  version: { type: "boolean", help: "print the version and exit" },
} as const;

/** The whole program: finds the command, runs it, and leaves its exit code in `process`. */
export async function run(process: NodeJS.Process): Promise<void> {
  const argv = process.argv.slice(2);
  const terminal = processTerminal(process);
  try {
    process.exitCode = await runCommand(argv, process.env, terminal);
  } catch (thrown) {
    // Any other error is a bug: node prints its stack.
    if (!(thrown instanceof Failure)) throw thrown;
    const { code, message } = thrown;
    if (hasFlag(argv, "--json")) terminal.write(`${JSON.stringify({ error: message, code })}\n`);
    terminal.complain(message);
    process.exitCode = code === "bad-usage" ? 2 : 1;
  }
}

async function runCommand(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  terminal: Terminal,
): Promise<ExitCode> {
  const { name, rest } = splitCommand(argv);
  if (name === undefined) return runProgram(rest, terminal);
  if (name === "help") return help(rest, terminal);
  const command = await loadCommand(name);
  if (hasFlag(rest, "--help", "-h")) {
    terminal.write(commandHelp(command));
    return 0;
  }
  return command.run({ argv: rest, env, terminal });
}

/** Without a command. */
async function runProgram(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const { values } = parseOptions("admin-cli", PROGRAM_OPTIONS, argv);
  if (values.version) {
    terminal.write(`${manifest.version}\n`);
    return 0;
  }
  if (values.json && !values.help) {
    throw new Failure("bad-usage", "client", `command: must be ${commandNames()} (see admin-cli --help)`);
  }
  terminal.write(await programHelp());
  return values.help ? 0 : 2;
}

/** `admin-cli help` and `admin-cli help <command>`. */
async function help([name]: readonly string[], terminal: Terminal): Promise<ExitCode> {
  terminal.write(name === undefined ? await programHelp() : commandHelp(await loadCommand(name)));
  return 0;
}

/** Throws Failure("bad-usage"). */
async function loadCommand(name: string): Promise<Command> {
  const load = COMMANDS.get(name);
  if (load !== undefined) return load();
  const near = suggest(name, [...COMMANDS.keys(), "help"]);
  const hint = near === undefined ? `the commands are ${commandNames()} | help` : `did you mean ${near}?`;
  throw new Failure("bad-usage", "client", `unknown command ${show(name)}; ${hint}`);
}

function commandNames(): string {
  return [...COMMANDS.keys()].join(" | ");
}

/** Looks before `--` only: everything after it is an argument. */
function hasFlag(argv: readonly string[], ...spellings: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end === -1 ? undefined : end).some((word) => spellings.includes(word));
}

async function programHelp(): Promise<string> {
  const commands = await Promise.all([...COMMANDS.values()].map((load) => load()));
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    "Usage: admin-cli <command> [options]\n\nControls an edgeCache fleet through the gRPC port of any edge, and asks its routers.\n\nCommands:\n",
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`),
    `\nOptions:\n${optionsHelp(PROGRAM_OPTIONS)}`,
    "\nThe variable EDGECACHE_TOKEN holds the token of the fleet. EDGECACHE_READ_TOKEN is enough for reading.\n",
    "EDGECACHE_CONTROL_CA, _CERT and _KEY name the files of --control-ca, --control-cert and --control-key.\n",
    "\nExit codes: 0 success (for purge: every edge confirmed), 1 failure or not yet confirmed, 2 wrong usage.\n",
    "For one command: admin-cli <command> --help\n",
  ].join("");
}

function commandHelp({ name, synopsis, summary, options, notes }: Command): string {
  const sentence = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
  return [
    `Usage: admin-cli ${name} ${synopsis}\n\n${sentence}\n\nOptions:\n${optionsHelp(options)}`,
    ...notes.map((note) => `\n${note}\n`),
  ].join("");
}
