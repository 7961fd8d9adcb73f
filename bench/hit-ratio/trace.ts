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
const LARGEST = 256 * 1024;

/**
 * Reads an access log in the common or combined format, or lines of numbers with commas whose second and third are the
 * object and its size, as libCacheSim has them. Other lines are left out.
 */
export function readTrace(path: string): Trace {
  const numbers = new Map<string, number>();
  const sizes = new Map<number, number>();
  const pages: number[] = [];
  for (const line of readFileSync(path, "latin1").split("\n")) {
    const [name, size] = requestIn(line);
    if (name === undefined) continue;
    const page = numbers.get(name) ?? numbers.size;
    numbers.set(name, page);
    sizes.set(page, Math.max(1, Math.min(LARGEST, size)));
    pages.push(page);
  }
  return { name: basename(path), pages: Int32Array.from(pages), sizes };
}

function requestIn(line: string): readonly [name: string | undefined, size: number] {
  const logged = LOG_LINE.exec(line);
  if (logged !== null) return [logged[1], Number(logged[2])];
  const [, object, size] = line.split(",").map((cell) => cell.trim());
  return object !== undefined && /^\d+$/.test(size ?? "") ? [object, Number(size)] : [undefined, 0];
}
