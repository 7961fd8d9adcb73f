// What `npm pack` runs first: makes dist/, the JavaScript and the types of the package.
import { execFileSync } from "node:child_process";
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { edgeProgram } from "../edge/config.ts";
import { bundleLessons } from "../learn/bundle.ts";
import manifest from "../package.json" with { type: "json" };
import type { Program, Settings } from "../process/settings/program.ts";
import { routerProgram } from "../router/config.ts";
import { withBuiltFiles } from "./built-files.ts";
import { declarationsBehind } from "./declarations.ts";
import { writtenSettings } from "./written-settings.ts";

const root = resolve(import.meta.dirname, "..");
const dist = join(root, "dist");
// Two thirds of the package, and no page of the demo site asks for it.
const LEFT_OUT: ReadonlySet<string> = new Set([join(root, "assets", "large.bin")]);

rmSync(dist, { recursive: true, force: true });
execFileSync(join(root, "node_modules", ".bin", "tsc"), ["-p", join(root, "packaging", "tsconfig.json")], {
  stdio: ["ignore", "inherit", "inherit"],
});
for (const path of filesOf("**/*.js")) rewrite(path, (code) => withBuiltFiles(path, code));
writeDeclarations();
// The programs read their version in it.
const { name, version } = manifest;
writeFileSync(join(dist, "package.json"), `${JSON.stringify({ name, version, type: "module" })}\n`);
cpSync(join(root, "proto", "edgecache"), join(dist, "proto", "edgecache"), { recursive: true });
cpSync(join(root, "assets"), join(dist, "assets"), {
  recursive: true,
  filter: (path) => !LEFT_OUT.has(path),
});
// A browser reads these as they are.
cpSync(join(root, "router", "dashboard", "page"), join(dist, "router", "dashboard", "page"), {
  recursive: true,
});
bundleLessons(join(dist, "assets", "learn", "lessons.js"));

/** Of the library alone: programs have no callers. */
function writeDeclarations(): void {
  const interfaces = new Map<string, Program<Settings>>([
    ["EdgeSettings", edgeProgram],
    ["RouterSettings", routerProgram],
  ]);
  writeFileSync(join(dist, "packaging", "library-settings.d.ts"), writtenSettings(interfaces));
  const texts = new Map(filesOf("**/*.d.ts").map((path) => [path, readFileSync(join(dist, path), "utf8")]));
  const kept = declarationsBehind("packaging/library.d.ts", texts);
  for (const path of texts.keys()) {
    const text = kept.get(path);
    if (text === undefined) rmSync(join(dist, path));
    else writeFileSync(join(dist, path), text);
  }
}

function filesOf(pattern: string): string[] {
  return globSync(pattern, { cwd: dist });
}

function rewrite(path: string, change: (text: string) => string): void {
  const file = join(dist, path);
  const text = readFileSync(file, "utf8");
  const changed = change(text);
  if (changed !== text) writeFileSync(file, changed);
}
