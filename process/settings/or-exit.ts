import { Failure } from "../failure.ts";
import type { Log } from "../log.ts";
import { helpText } from "./help.ts";
import type { Program, Settings, SettingsInput } from "./program.ts";
import { readSmallFile } from "./small-file.ts";

// The exit code of the contract for bad usage.
const BAD_USAGE = 2;

/**
 * How every program begins: reads its settings from this process. Prints the help and exits with 0 when asked;
 * prints one line per problem on stderr and exits with 2 when a setting is wrong.
 */
export function settingsOrExit<C>(
  program: Program<Settings>,
  read: (input: SettingsInput) => C,
  readFile = readSmallFile,
): C {
  const argv = process.argv.slice(2);
  if (argv.includes("--help") || argv.includes("-h")) {
    process.stdout.write(helpText(program));
    process.exit(0);
  }
  const warn = (line: string) => process.stderr.write(`${program.name}: ${line}\n`);
  try {
    return read({ argv, env: process.env, readFile, warn });
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    for (const line of thrown.message.split("\n")) warn(line);
    process.exit(BAD_USAGE);
  }
}

/** Reads them again in the running program. The log says what is wrong, and so does the Failure that is thrown. */
export function rereadSettings<C>(
  read: (input: SettingsInput) => C,
  log: Pick<Log, "warn" | "error">,
  readFile = readSmallFile,
): C {
  try {
    const warn = (line: string) => log.warn(line);
    return read({ argv: process.argv.slice(2), env: process.env, readFile, warn });
  } catch (thrown) {
    if (thrown instanceof Failure)
      log.error({ cause: thrown.message }, "settings not read again: those of before stay");
    throw thrown;
  }
}
