import { readdirSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { lookup } from "mrmime";

/** A file of the page, as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
}

const FOLDER = new URL("./page/", import.meta.url);

/** What the page has from packages: nobody else is asked for it. */
const PACKAGED: ReadonlyMap<string, URL> = new Map([
  ["uplot.js", new URL("./uPlot.esm.js", import.meta.resolve("uplot"))],
]);

/**
 * The files of the page by path: `/` and what stands under `/dashboard/`. They are read once. So no path of a request is
 * ever looked for on disk.
 */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  const names = readdirSync(fileURLToPath(FOLDER), { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => extname(name) !== "");
  const files = [...names.map((name) => [name, new URL(name, FOLDER)] as const), ...PACKAGED];
  return new Map(files.map(([name, url]) => [pathOf(name), fileAt(url)]));
}

function pathOf(name: string): string {
  return name === "index.html" ? "/" : `/dashboard/${name}`;
}

function fileAt(url: URL): PageFile {
  const type = lookup(url.pathname) ?? "application/octet-stream";
  const isText = type.startsWith("text/") || type === "application/json";
  return { type: isText ? `${type}; charset=utf-8` : type, body: readFileSync(url) };
}
