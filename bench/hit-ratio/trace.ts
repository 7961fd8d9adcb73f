import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Workload } from "./workloads.ts";

/** A request log, and the size of each of its pages. */
export interface Trace extends Workload {
  readonly sizes: ReadonlyMap<number, number>;
}

// "GET /page HTTP/1.1" 200 1234, as in the common and the combined log format.
const LOG_LINE = /"GET (\S+) [^"]*" 200 (\d+)/;
// Larger ones are counted as this.
const LARGEST = 2 ** 20;
// Enough to tell policies apart. More would take many minutes.
const MOST_REQUESTS = 1_000_000;
const OBJECT_NAMES = ["object", "obj_id", "obj-id", "key", "lbn"];
const SIZE_NAMES = ["size", "obj_size", "obj-size"];

interface Requested {
  readonly name: string;
  readonly size: number;
}

/**
 * Reads a request log: common or combined format; the CSV of libCacheSim, with or without a line of names; the traces of
 * Wikimedia's CDN (tabs) and of Twitter's clusters (seven columns). Other lines are left out.
 */
export function readTrace(path: string): Trace {
  return traceOf(basename(path), readFileSync(path, "latin1").split("\n"));
}

export function traceOf(name: string, lines: readonly string[]): Trace {
  const numbers = new Map<string, number>();
  const sizes = new Map<number, number>();
  const pages: number[] = [];
  const reader = readerOf(lines[0] ?? "");
  for (const line of lines) {
    const requested = reader(line);
    if (requested === undefined) continue;
    const page = numbers.get(requested.name) ?? numbers.size;
    numbers.set(requested.name, page);
    // A page keeps its first size, so that every policy stores the same bytes.
    if (!sizes.has(page)) sizes.set(page, Math.max(1, Math.min(LARGEST, requested.size)));
    pages.push(page);
    if (pages.length === MOST_REQUESTS) break;
  }
  return { name, pages: Int32Array.from(pages), sizes };
}

/** What reads a line, as the first line of the file shows it. */
function readerOf(first: string): (line: string) => Requested | undefined {
  if (LOG_LINE.test(first) || /" \d{3} /.test(first)) return logLine;
  if (first.includes("\t")) return (line) => wikimedia(line.split("\t"));
  const names = first
    .replace(/^#/, "")
    .split(",")
    .map((cell) => cell.trim());
  const [object, size] = [OBJECT_NAMES, SIZE_NAMES].map((known) =>
    names.findIndex((name) => known.includes(name)),
  );
  if (object !== undefined && size !== undefined && object >= 0 && size >= 0)
    return (line) => cells(line.split(","), object, [size]);
  return (line) => {
    const row = line.split(",");
    if (row.length < 7) return cells(row, 1, [2]);
    // Twitter: time, key, bytes of the key, bytes of the value, client, operation, time to live.
    return (row[5] ?? "").startsWith("get") ? cells(row, 1, [2, 3]) : undefined;
  };
}

function logLine(line: string): Requested | undefined {
  const [, name, size] = LOG_LINE.exec(line) ?? [];
  return name === undefined ? undefined : { name, size: Number(size) };
}

/** Of 2019: second, hash, [kind of picture,] size, time. Of 2016: hash, kind of picture, size. */
function wikimedia(row: readonly string[]): Requested | undefined {
  if (row.length === 3) return cells(row, 0, [2]);
  return cells(row, 1, [row.length - 2]);
}

function cells(row: readonly string[], object: number, sizes: readonly number[]): Requested | undefined {
  const name = row[object]?.trim();
  const texts = sizes.map((size) => row[size]?.trim() ?? "");
  if (name === undefined || name === "" || !texts.every((text) => /^\d+$/.test(text))) return undefined;
  return { name, size: texts.reduce((sum, text) => sum + Number(text), 0) };
}
