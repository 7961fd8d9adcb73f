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
  ["roll", async () => (await import("./commands/roll.ts")).rollCommand],
  ["sign", async () => (await import("./commands/sign.ts")).signCommand],
  ["certs", async () => (await import("./commands/certs.ts")).certsCommand],
]);

const PROGRAM_OPTIONS = {
  ...COMMON_OPTIONS,
  version: { type: "boolean", help: "print the version and exit" },
} as const;

/** The program as its user knows it. */
interface Called {
  readonly name: string;
  /** What it starts besides its commands, for --help. */
  readonly programs: readonly Pick<Command, "name" | "summary">[];
}

/** The whole program: finds the command, runs it, and leaves its exit code in `process`. */
export async function run(
  process: NodeJS.Process,
  called: Called = { name: "admin-cli", programs: [] },
): Promise<void> {
  const argv = process.argv.slice(2);
  const terminal = processTerminal(process, called.name);
  try {
    process.exitCode = await runCommand(argv, process.env, terminal, called);
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
  called: Called,
): Promise<ExitCode> {
  const { name, rest } = splitCommand(argv);
  if (name === undefined) return runProgram(rest, terminal, called);
  if (name === "help") return help(rest, terminal, called);
  const command = await loadCommand(name, called);
  if (hasFlag(rest, "--help", "-h")) {
    terminal.write(commandHelp(command, called));
    return 0;
  }
  return command.run({ argv: rest, env, terminal });
}

/** Without a command. */
async function runProgram(argv: readonly string[], terminal: Terminal, called: Called): Promise<ExitCode> {
  const { values } = parseOptions(called.name, PROGRAM_OPTIONS, argv);
  if (values.version) {
    terminal.write(`${manifest.version}\n`);
    return 0;
  }
  if (values.json && !values.help) {
    const rule = `must be ${namesOf(called).join(" | ")} (see ${called.name} --help)`;
    throw new Failure("bad-usage", "client", `command: ${rule}`);
  }
  terminal.write(await programHelp(called));
  return values.help ? 0 : 2;
}

/** `admin-cli help` and `admin-cli help <command>`. */
async function help([name]: readonly string[], terminal: Terminal, called: Called): Promise<ExitCode> {
  terminal.write(
    name === undefined ? await programHelp(called) : commandHelp(await loadCommand(name, called), called),
  );
  return 0;
}

/** Throws Failure("bad-usage"). */
async function loadCommand(name: string, called: Called): Promise<Command> {
  const load = COMMANDS.get(name);
  if (load !== undefined) return load();
  const names = [...namesOf(called), "help"];
  const near = suggest(name, names);
  const hint = near === undefined ? `the commands are ${names.join(" | ")}` : `did you mean ${near}?`;
  throw new Failure("bad-usage", "client", `unknown command ${show(name)}; ${hint}`);
}

function namesOf({ programs }: Called): string[] {
  return [...programs.map(({ name }) => name), ...COMMANDS.keys()];
}

/** Looks before `--` only: everything after it is an argument. */
function hasFlag(argv: readonly string[], ...spellings: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end === -1 ? undefined : end).some((word) => spellings.includes(word));
}

async function programHelp({ name, programs }: Called): Promise<string> {
  const commands = await Promise.all([...COMMANDS.values()].map((load) => load()));
  const width = Math.max(...[...programs, ...commands].map((each) => each.name.length));
  const lines = (of: Called["programs"]) =>
    of.map((each) => `  ${each.name.padEnd(width)}  ${each.summary}\n`).join("");
  return [
    `Usage: ${name} <command> [options]\n\n`,
    ...(programs.length === 0 ? [] : [`Programs, each with its own --help:\n${lines(programs)}\n`]),
    "Controls an edgeCache fleet through the gRPC port of any edge, and asks its routers.\n\nCommands:\n",
    lines(commands),
    `\nOptions:\n${optionsHelp(PROGRAM_OPTIONS)}`,
    "\nThe variable EDGECACHE_TOKEN holds the token of the fleet. EDGECACHE_READ_TOKEN is enough for reading.\n",
    "EDGECACHE_CONTROL_CA, _CERT and _KEY name the files of --control-ca, --control-cert and --control-key.\n",
    "\nExit codes: 0 success (for purge: every edge confirmed), 1 failure or not yet confirmed, 2 wrong usage.\n",
    `For one command: ${name} <command> --help\n`,
  ].join("");
}

function commandHelp({ name, synopsis, summary, options, notes }: Command, called: Called): string {
  const sentence = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
  return [
    `Usage: ${called.name} ${name} ${synopsis}\n\n${sentence}\n\nOptions:\n${optionsHelp(options)}`,
    ...notes.map((note) => `\n${note}\n`),
  ].join("");
}

// The demo starts it without a shell, under its own Node.
if (import.meta.main) await run(process);
