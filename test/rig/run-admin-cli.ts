import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The exit code and output of a run of the real CLI. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Starts the real CLI as a child process, without this environment's own edge and colours. `checkout`: the one that it is
 * of.
 */
export function startAdminCli(argv: readonly string[], env: Record<string, string> = {}, checkout = ROOT) {
  const {
    EDGECACHE_EDGE: _edge,
    EDGECACHE_TOKEN: _token,
    NO_COLOR: _plain,
    FORCE_COLOR: _force,
    ...inherited
  } = process.env;
  return spawn(process.execPath, [join(checkout, "admin-cli/bin.mjs"), ...argv], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...inherited, ...env },
  });
}

/** Runs it to its end, with `input` on its standard input. */
export async function runAdminCli(
  argv: readonly string[],
  env?: Record<string, string>,
  input = "",
  checkout?: string,
): Promise<CliResult> {
  const child = startAdminCli(argv, env, checkout);
  // A run that reads nothing may have ended before this is written.
  child.stdin.on("error", () => child.stdin.destroy());
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}
