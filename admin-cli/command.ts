import type { Options } from "./arguments.ts";
import type { Terminal } from "./terminal.ts";

/** 0: success; for a purge: proven. 1: failed or not proven. 2: wrong usage. */
export type ExitCode = 0 | 1 | 2;

/** The input of a command. */
export interface CommandInput {
  /** Its arguments, without its own name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
}

/** One command of the CLI, in one file of commands/. */
export interface Command {
  readonly name: string;
  /** After `admin-cli <name>` in --help. */
  readonly synopsis: string;
  /** One line in the program's --help. */
  readonly summary: string;
  readonly options: Options;
  /** Paragraphs under the options: the meaning of figures, and the exit codes. */
  readonly notes: readonly string[];
  /** Throws a Failure: `bad-usage` becomes exit code 2, any other 1. */
  run(input: CommandInput): Promise<ExitCode>;
}
