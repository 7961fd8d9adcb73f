import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { Failure } from "../process/failure.ts";

const run = promisify(execFile);

// The programs stand beside this one, and are started, not imported.
const TRY = join(import.meta.dirname, "..", "start", "try.ts");

/** Tries the settings of an edge in a process of its own. `flags`: as the edge takes them. Throws a Failure. */
export async function tryEdge(
  task: object,
  flags: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<unknown> {
  const { stdout } = await run(process.execPath, [TRY, JSON.stringify(task), ...flags], { env });
  const result: unknown = JSON.parse(stdout);
  if (typeof result === "object" && result !== null && "problems" in result && Array.isArray(result.problems))
    throw new Failure("bad-config", "client", result.problems.map(String).join("\n"));
  return result;
}
