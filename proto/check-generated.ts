// The gate against generated code that was edited by hand or forgotten: generates it again and compares.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");

/** Contents by path within `directory`. */
function filesUnder(directory: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const path of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    const full = join(directory, path);
    if (statSync(full).isFile()) files.set(path, readFileSync(full, "utf8"));
  }
  return files;
}

const fresh = mkdtempSync(join(tmpdir(), "edgecache-generated-"));
try {
  execFileSync("buf", ["generate", "--output", fresh], { cwd: root, stdio: "inherit" });
  const expected = filesUnder(join(fresh, "proto", "gen"));
  const committed = filesUnder(join(root, "proto", "gen"));
  const paths = new Set([...expected.keys(), ...committed.keys()]);
  const different = [...paths].filter((path) => expected.get(path) !== committed.get(path));
  for (const path of different.sort()) {
    process.stderr.write(`proto/gen/${path}: must be what buf generates from proto/, run npm run gen\n`);
  }
  if (different.length > 0) process.exitCode = 1;
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
