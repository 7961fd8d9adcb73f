import { parseList, serializeItem } from "structured-headers";
import type { Fields } from "../../http/message/fields.ts";

/** The outcome of one request, in the words of RFC 9211. `ttl` is whole seconds, negative when stale. */
export type CacheOutcome =
  /** Served from a fresh stored response. */
  | { kind: "hit"; ttl: number; detail?: string | undefined }
  /** Served from a stale stored response, as the rules allow; `refreshing`: it is refreshed in the background. */
  | { kind: "stale"; ttl: number; refreshing: boolean; detail?: string | undefined }
  /** The origin confirmed the stored response (304), which was updated and served. */
  | {
      kind: "revalidated";
      fwd: "stale" | "request";
      fwdStatus: number;
      ttl?: number;
      stored: boolean;
      detail?: string | undefined;
    }
  /** Served from the origin's answer. */
  | {
      kind: "miss";
      fwd: "uri-miss" | "vary-miss" | "stale" | "request" | "partial";
      fwdStatus?: number;
      ttl?: number;
      stored: boolean;
      collapsed: boolean;
      detail?: string | undefined;
    }
  /** Forwarded without a look at the cache. */
  | { kind: "bypass"; fwd: "bypass" | "method" | "request"; fwdStatus?: number; detail?: string | undefined }
  /** Answered with an error that the edge made itself; `fwd` is why it went, or would have gone, forward. */
  | {
      kind: "error";
      fwd: "bypass" | "method" | "uri-miss" | "vary-miss" | "stale" | "request" | "partial";
      fwdStatus?: number;
      detail: string;
    };

export const OUTCOME_KINDS = [
  "hit",
  "miss",
  "stale",
  "revalidated",
  "bypass",
  "error",
] as const satisfies readonly CacheOutcome["kind"][];

export type XCache = "HIT" | "MISS" | "STALE" | "REVALIDATED" | "BYPASS";

/** This edge's member of Cache-Status (RFC 9211 section 2). `edgeId` is printable ASCII. */
export function cacheStatusMember(edgeId: string, outcome: CacheOutcome): string {
  const parts = [tokenOrString(edgeId), ...parametersOf(outcome)];
  // RFC 9651 section 3.1.2 allows a space before each parameter; RFC 9211 and its readers write one.
  return parts.join("; ");
}

/**
 * The whole Cache-Status value: the members of the caches nearer to the origin, then ours.
 * RFC 9211 section 2: each cache appends. A value that does not parse is dropped, because it would make the
 * whole field unreadable.
 */
export function appendCacheStatus(upstream: Fields, member: string): string {
  const received = upstream.get("cache-status");
  return received === undefined || !isList(received) ? member : `${received}, ${member}`;
}

/** The same outcome in one word, for people. */
export function xCache(outcome: CacheOutcome): XCache {
  switch (outcome.kind) {
    case "hit":
      return "HIT";
    case "stale":
      return "STALE";
    case "revalidated":
      return "REVALIDATED";
    case "miss":
      return "MISS";
    case "bypass":
      return "BYPASS";
    case "error":
      return outcome.fwd === "bypass" || outcome.fwd === "method" ? "BYPASS" : "MISS";
  }
}

/** RFC 9651 section 3.1.2: each as it stands in the field. */
function parametersOf(outcome: CacheOutcome): readonly string[] {
  const parameters: string[] = [];
  // RFC 9211 sections 2.1 and 2.2: `hit` and `fwd` exclude each other.
  if (outcome.kind === "hit" || outcome.kind === "stale") parameters.push("hit");
  else {
    parameters.push(`fwd=${outcome.fwd}`);
    if (outcome.fwdStatus !== undefined) parameters.push(`fwd-status=${outcome.fwdStatus}`);
  }
  if ("ttl" in outcome && outcome.ttl !== undefined) parameters.push(`ttl=${wholeSeconds(outcome.ttl)}`);
  // RFC 9211 section 2.5: a response that a 304 has updated is stored again.
  if ("stored" in outcome && outcome.stored) parameters.push("stored");
  if (outcome.kind === "miss" && outcome.collapsed) parameters.push("collapsed");
  if (outcome.detail !== undefined) parameters.push(`detail=${tokenOrString(outcome.detail)}`);
  return parameters;
}

/** RFC 8941 section 3.3.1: at most fifteen digits. */
const LARGEST_INTEGER = 999_999_999_999_999;

function wholeSeconds(ttl: number): number {
  return Math.max(-LARGEST_INTEGER, Math.min(LARGEST_INTEGER, Math.floor(ttl)));
}

/** RFC 8941 section 3.3.4: a token begins with a letter or "*"; any other text is a string of printable ASCII. */
function tokenOrString(text: string): string {
  if (/^[A-Za-z*][\w!#$%&'*+.^`|~:/-]*$/.test(text)) return text;
  return serializeItem(text.replace(/[^\x20-\x7e]/g, "?"));
}

function isList(value: string): boolean {
  try {
    return parseList(value).length > 0;
  } catch {
    return false;
  }
}
