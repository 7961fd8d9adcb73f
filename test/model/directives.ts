import { type Lines, linesOf, membersOf } from "./message.ts";

/** Cache directives: lower-case name to the arguments it came with, in order, without quotes. */
export type Directives = ReadonlyMap<string, readonly (string | undefined)[]>;

/** The fields that say how a response may be cached. */
export interface Control {
  readonly directives: Directives;
  /** A targeted field governs: Cache-Control and Expires say nothing (RFC 9213 section 2.2). */
  readonly targeted: boolean;
}

// RFC 9213 section 2.2: this cache's list of targeted fields, the one of its own name first.
const TARGETED = ["EdgeCache-Cache-Control", "CDN-Cache-Control"];

export function cacheControl(lines: Lines): Directives {
  const found = new Map<string, (string | undefined)[]>();
  for (const member of membersOf(lines, "Cache-Control")) {
    const [, name = "", quoted, token] = /^([^=\s]+)(?:=(?:"((?:[^"\\]|\\.)*)"|(.*)))?$/.exec(member) ?? [];
    if (name === "") continue;
    const argument = quoted?.replace(/\\(.)/g, "$1") ?? token;
    found.set(name.toLowerCase(), [...(found.get(name.toLowerCase()) ?? []), argument]);
  }
  return found;
}

export function controlOf(response: Lines): Control {
  for (const name of TARGETED) {
    const directives = dictionary(linesOf(response, name).join(","));
    if (directives !== undefined) return { directives, targeted: true };
  }
  return { directives: cacheControl(response), targeted: false };
}

const DICTIONARY_MEMBER =
  /^([a-z*][a-z0-9_.*-]*)(?:=(?:(-?\d{1,15})|"([^"\\]*)"|\?1|([A-Za-z*][\w*:/.-]*)))?$/;

/** RFC 9651 section 3.2; undefined when empty or not a dictionary: then it is as if it were not there. */
function dictionary(text: string): Directives | undefined {
  const found = new Map<string, (string | undefined)[]>();
  if (text.trim() === "") return undefined;
  for (const member of text.split(",")) {
    const [, name = "", number, string, token] = DICTIONARY_MEMBER.exec(member.trim()) ?? [];
    if (name === "") return undefined;
    found.set(name, [number ?? string ?? token]);
  }
  return found;
}

/**
 * The seconds that a directive grants; undefined when it is absent. RFC 9111 section 4.2.1: of several, the first
 * or none; what is no number grants nothing. Section 1.2.2: the largest number is 2^31.
 */
export function secondsOf(directives: Directives, name: string): number | undefined {
  const found = directives.get(name);
  if (found === undefined) return undefined;
  const [first] = found;
  return first !== undefined && /^\d+$/.test(first) ? Math.min(Number(first), 2 ** 31) : 0;
}

/** "all" for a directive without field names, else the names it is limited to, lower case. */
export function scopeOf(
  directives: Directives,
  name: "no-cache" | "private",
): "none" | "all" | readonly string[] {
  const found = directives.get(name);
  if (found === undefined) return "none";
  const names: string[] = [];
  for (const argument of found) {
    // RFC 9111 sections 5.2.2.4 and 5.2.2.7; one without an argument, or with an empty one, is about everything.
    const listed = (argument ?? "").split(",").map((each) => each.trim().toLowerCase());
    if (listed.some((each) => each === "")) return "all";
    names.push(...listed);
  }
  return names;
}
