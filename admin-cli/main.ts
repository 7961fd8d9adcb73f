import manifest from "../package.json" with { type: "json" };
import { Failure } from "../process/failure.ts";
import { suggest } from "../process/settings/suggest.ts";
import { show } from "../process/settings/values.ts";
import { parseOptions, splitCommand } from "./arguments.ts";
import type { Called, CommandRow, ExitCode } from "./command.ts";
import { COMMANDS } from "./command-table.ts";
import { commandHelp, PROGRAM_OPTIONS, programHelp } from "./help-page.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

/** The whole program: finds the command, runs it, and leaves its exit code in `process`. */
export async function run(
  process: NodeJS.Process,
  { name, programs }: Omit<Called, "commands"> = { name: "admin-cli", programs: [] },
): Promise<void> {
  const called = { name, programs, commands: COMMANDS };
  const argv = process.argv.slice(2);
  const terminal = processTerminal(process, name);
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
  const row = commandRow(name, called);
  const command = await row.load();
  if (hasFlag(rest, "--help", "-h")) {
    terminal.write(commandHelp(row, command, called));
    return 0;
  }
  return command.run({ argv: rest, env, terminal, called });
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
  terminal.write(programHelp(called));
  return values.help ? 0 : 2;
}

/** `admin-cli help` and `admin-cli help <command>`. */
async function help([name]: readonly string[], terminal: Terminal, called: Called): Promise<ExitCode> {
  if (name === undefined) terminal.write(programHelp(called));
  else {
    const row = commandRow(name, called);
    terminal.write(commandHelp(row, await row.load(), called));
  }
  return 0;
}

/** Throws Failure("bad-usage"). */
function commandRow(name: string, called: Called): CommandRow {
  const row = called.commands.find((each) => each.name === name);
  if (row !== undefined) return row;
  const names = [...namesOf(called), "help"];
  const near = suggest(name, names);
  const hint = near === undefined ? `the commands are ${names.join(" | ")}` : `did you mean ${near}?`;
  throw new Failure("bad-usage", "client", `unknown command ${show(name)}; ${hint}`);
}

function namesOf({ programs, commands }: Called): string[] {
  return [...programs, ...commands].map(({ name }) => name);
}

/** Looks before `--` only: everything after it is an argument. */
function hasFlag(argv: readonly string[], ...spellings: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end === -1 ? undefined : end).some((word) => spellings.includes(word));
}

// The demo starts it without a shell, under its own Node.
if (import.meta.main) await run(process);
