import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

// Parts of Node in a page. The rest of the core of an edge is bundled as it is.
const STAND_INS: Readonly<Record<string, URL>> = {
  "node:crypto": new URL("./browser/node-crypto.ts", import.meta.url),
  "node:timers/promises": new URL("./browser/node-timers.ts", import.meta.url),
  "node:util": new URL("./browser/node-util.ts", import.meta.url),
  ...Object.fromEntries(
    ["fs", "fs/promises", "http", "net", "os", "tls"].map((name) => [
      `node:${name}`,
      new URL("./browser/node-absent.ts", import.meta.url),
    ]),
  ),
};
const GLOBALS = new URL("./browser/node-globals.ts", import.meta.url);
const ENTRY = new URL("./lessons.ts", import.meta.url);
const ESBUILD = new URL("../node_modules/.bin/esbuild", import.meta.url);

/** Where the pages of the demo site expect it. */
export const BUNDLE = fileURLToPath(new URL("../assets/learn/lessons.js", import.meta.url));

/**
 * Writes all lessons, and the core of edge and router that they run, as one script for a page. `report`: where esbuild
 * writes down what is in it.
 */
export function bundleLessons(file: string, report?: string): void {
  const aliases = Object.entries(STAND_INS).map(([name, url]) => `--alias:${name}=${fileURLToPath(url)}`);
  execFileSync(fileURLToPath(ESBUILD), [
    fileURLToPath(ENTRY),
    "--bundle",
    "--format=esm",
    "--platform=browser",
    // What every browser of the last two years runs.
    "--target=es2023",
    "--minify",
    "--log-level=warning",
    `--inject:${fileURLToPath(GLOBALS)}`,
    ...aliases,
    `--outfile=${file}`,
    ...(report === undefined ? [] : [`--metafile=${report}`]),
  ]);
}
