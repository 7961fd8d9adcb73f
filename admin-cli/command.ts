import type { Options } from "./arguments.ts";
import type { Terminal } from "./terminal.ts";

/** 0: success; for a purge: proven. 1: failed or not proven. 2: wrong usage. */
export type ExitCode = 0 | 1 | 2;

/** A command as help and completion know it. */
export interface CommandRow {
  readonly name: string;
  /** One line in the program's --help. */
  readonly summary: string;
  /** Only the command that runs is loaded: loading all of them takes longer than a call. */
  readonly load: () => Promise<Command>;
}

/** The program as its user knows it. */
export interface Called {
  readonly name: string;
  /** What it starts besides its commands. */
  readonly programs: readonly Pick<CommandRow, "name" | "summary">[];
  readonly commands: readonly CommandRow[];
}

/** The input of a command. */
export interface CommandInput {
  /** Its arguments, without its own name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  readonly called: Called;
}

/** One command of the CLI, in one file of commands/. Its name and summary stand in command-table.ts. */
export interface Command {
  /** After `admin-cli <name>` in --help. */
  readonly synopsis: string;
  readonly options: Options;
  /** What follows the name on the command line, and what it is for. */
  readonly examples: readonly (readonly [argv: string, what: string])[];
  /** Paragraphs under the options: the meaning of figures, and the exit codes. */
  readonly notes: readonly string[];
  /** Throws a Failure: `bad-usage` becomes exit code 2, any other 1. */
  run(input: CommandInput): Promise<ExitCode>;
}
