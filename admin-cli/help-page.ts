import { COMMON_OPTIONS, type Options, optionsHelp } from "./arguments.ts";
import type { Called, Command, CommandRow } from "./command.ts";

/** The options of the program without a command. */
export const PROGRAM_OPTIONS = {
  ...COMMON_OPTIONS,
  version: { type: "boolean", help: "print the version and exit" },
} as const satisfies Options;

export function programHelp({ name, programs, commands }: Called): string {
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

export function commandHelp({ name, summary }: CommandRow, command: Command, called: Called): string {
  const sentence = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
  const { synopsis, options, examples, notes } = command;
  return [
    `Usage: ${called.name} ${name} ${synopsis}\n\n${sentence}\n`,
    `\nExamples:\n${examplesHelp(`${called.name} ${name}`, examples)}`,
    `\nOptions:\n${optionsHelp(options)}`,
    ...notes.map((note) => `\n${note}\n`),
  ].join("");
}

/** A remark of the shell behind each, so that a whole line can be pasted. */
function examplesHelp(command: string, examples: Command["examples"]): string {
  const lines = examples.map(([argv, what]) => [`${command} ${argv}`.trimEnd(), what] as const);
  const width = Math.max(...lines.map(([line]) => line.length));
  return lines
    .map(([line, what]) => (what === "" ? `  ${line}\n` : `  ${line.padEnd(width)}  # ${what}\n`))
    .join("");
}
