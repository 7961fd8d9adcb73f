import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** Texts of source files by path from the root, with forward slashes. */
export type SourceTree = ReadonlyMap<string, string>;

/** One import of a file: a path of the tree, or the name of a package ("node:fs", "express"). */
export interface Import {
  readonly from: string;
  readonly to: string;
  readonly kind: "file" | "package";
}

// Not our code: served content, prose, and files of tools.
const NOT_CODE: ReadonlySet<string> = new Set(["assets", "dist", "docs", "node_modules"]);

/** Every .ts and .mjs file in the folders of `root`. */
export function readSourceTree(root: string): SourceTree {
  const tree = new Map<string, string>();
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    const folder = entry.name;
    if (!entry.isDirectory() || folder.startsWith(".") || NOT_CODE.has(folder)) continue;
    for (const path of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
      if (!/\.(ts|mjs)$/.test(path)) continue;
      const name = posix.join(folder, path.replaceAll("\\", "/"));
      tree.set(name, readFileSync(join(root, name), "utf8"));
    }
  }
  return tree;
}

const STATIC_IMPORT = /^\s*(?:import|export)\b(?:[^"'`;=]*?\bfrom)?\s*["']([^"']+)["']/gm;
const DYNAMIC_IMPORT = /\bimport\(\s*["']([^"']+)["']\s*\)/g;

// A thread is started by the address of its file.
const THREAD = /\bnew URL\(\s*["'](\.[^"']+\.ts)["'],\s*import\.meta\.url\s*\)/g;

/** The imports of one file, types included, in the order of their kinds. */
export function importsOf(path: string, text: string): readonly Import[] {
  const code = text.replace(/^\s*\/\/.*$/gm, "").replace(/\/\*[\s\S]*?\*\//g, "");
  const specifiers = [STATIC_IMPORT, DYNAMIC_IMPORT, THREAD].flatMap((kind) => [...code.matchAll(kind)]);
  return specifiers.map(([, specifier = ""]) =>
    specifier.startsWith(".")
      ? { from: path, to: posix.join(posix.dirname(path), specifier), kind: "file" }
      : { from: path, to: specifier, kind: "package" },
  );
}

export function importsIn(tree: SourceTree): readonly Import[] {
  return [...tree].flatMap(([path, text]) => importsOf(path, text));
}

/** Whether only tests use it; `x.fixture.ts` stands beside the tests that share it. */
export function isTest(path: string): boolean {
  return /\.(test|fixture)\.ts$/.test(path) || path.startsWith("test/");
}

/** The first folder of a path. */
export function folderOf(path: string): string {
  return path.split("/", 1)[0] ?? "";
}
