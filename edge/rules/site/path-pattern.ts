import { normalPath } from "./path-readings.ts";
import { wildcard } from "./wildcard.ts";

/** Where a segment of a pattern stands for any segments, also none. */
const ANY = "**";

type SegmentTest = typeof ANY | ((segment: string) => boolean);

/**
 * A pattern of paths. `*` stands for any characters of one segment, and `**` as a whole segment for any segments, also
 * none: `/a/**` matches `/a`, `/a/` and all below. A path is walked once for each segment of the pattern at most.
 */
export class PathPattern {
  /** What a path begins and ends with that matches. Most paths fail here. */
  readonly #begin: string;
  readonly #end: string;
  /** The longest text between stars: every path that matches has it. */
  readonly #has: string;
  /** Beginning and end say it all: there is nothing else, or any segments between them. */
  readonly #kind: "exact" | "below" | "segments";
  readonly #tests: readonly SegmentTest[];

  constructor(pattern: string, ignoresCase = false) {
    const text = normalPath(ignoresCase ? inBytes(pattern).toLowerCase() : inBytes(pattern));
    const segments = text.split("/");
    this.#tests = segments.map((segment) => (segment === ANY ? ANY : wildcard(segment)));
    const star = text.indexOf("*");
    const isBelow = text.endsWith("/**") && star === text.length - 2;
    this.#kind = star === -1 ? "exact" : isBelow ? "below" : "segments";
    // `/a/**` matches `/a` too.
    const wild = star === -1 ? text.length : text[star + 1] === "*" ? Math.max(0, star - 1) : star;
    this.#begin = text.slice(0, wild);
    this.#has = text.split(/[*/]+/).reduce((a, b) => (b.length > a.length ? b : a), "");
    const last = segments.at(-1) ?? "";
    this.#end = star === -1 || last === ANY ? "" : last.slice(last.lastIndexOf("*") + 1);
  }

  /** `path` without a query, in normal form. */
  matches(path: string): boolean {
    if (!path.startsWith(this.#begin)) return false;
    if (this.#end !== "" && !path.endsWith(this.#end)) return false;
    switch (this.#kind) {
      case "exact":
        return path.length === this.#begin.length;
      case "below":
        return path.length === this.#begin.length || path[this.#begin.length] === "/";
      case "segments":
        return path.includes(this.#has) && matchSegments(this.#tests, path.split("/"));
    }
  }

  /** Whether a path may match whose second char is this. NUL stands for a path without one. */
  mayBegin(char: string): boolean {
    const second = this.#begin[1];
    return second === undefined || second === char;
  }
}

/** Each `**` stands for as few segments as it can, so each segment is tested once by each test at most. */
export function matchSegments(tests: readonly SegmentTest[], segments: readonly string[]): boolean {
  let at = 0;
  let test = 0;
  /** The last `**`, and the first segment that it does not stand for yet. */
  let any = -1;
  let anyEnd = 0;
  while (at < segments.length) {
    const now = tests[test];
    if (now === ANY) {
      any = test;
      anyEnd = at;
      test += 1;
    } else if (now?.(segments[at] ?? "") === true) {
      at += 1;
      test += 1;
    } else if (any === -1) return false;
    else {
      anyEnd += 1;
      at = anyEnd;
      test = any + 1;
    }
  }
  while (tests[test] === ANY) test += 1;
  return test === tests.length;
}

/** UTF-8 with a char a byte, as paths in normal form have it. */
function inBytes(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
