import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { versionOf } from "../child-program.ts";

const programs = new Map<string, string>();

/** The path of the program that a C file of this folder makes; undefined when there is no compiler on PATH. */
export function compiled(source: string): string | undefined {
  const known = programs.get(source);
  if (known !== undefined) return known;
  if (versionOf("cc", "--version") === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "edgecache-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, source.replace(/\.c$/, ""));
  execFileSync("cc", ["-O2", "-o", program, fileURLToPath(new URL(source, import.meta.url))]);
  programs.set(source, program);
  return program;
}
