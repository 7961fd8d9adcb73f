import { readFile } from "node:fs/promises";

/** How many files and connections the system lets this process have open; undefined where it does not say. */
export async function openFilesLimit(read = readLimits): Promise<number | undefined> {
  // Node has raised the soft limit to the hard one at its start.
  const [, soft] = /^Max open files\s+(\d+)\s/m.exec(await read()) ?? [];
  return soft === undefined ? undefined : Number(soft);
}

/** Of Linux, proc(5). Elsewhere there is no such file. */
async function readLimits(): Promise<string> {
  return process.platform === "linux" ? await readFile("/proc/self/limits", "latin1") : "";
}
