import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../admin-cli/bin.mjs", import.meta.url));

/** What a run of the real CLI left behind. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the real CLI as a child process, without this environment's own edge and colours. */
export function startAdminCli(argv: readonly string[], env: Record<string, string> = {}) {
  const { EDGECACHE_EDGE: _edge, NO_COLOR: _plain, FORCE_COLOR: _force, ...inherited } = process.env;
  return spawn(process.execPath, [BIN, ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...inherited, ...env },
  });
}

/** Runs it to its end. */
export async function runAdminCli(argv: readonly string[], env?: Record<string, string>): Promise<CliResult> {
  const child = startAdminCli(argv, env);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}
