import { listMembers } from "../../http/message/comma-list.ts";
import { parseHttpDate } from "../../http/message/date.ts";
import { parseEntityTag, strongMatch } from "./entity-tag.ts";
import type { CacheRequest, ResponseHead } from "./exchange.ts";

/** Positions of the first and the last byte, from 0. */
export interface Part {
  readonly first: number;
  readonly last: number;
}

export type ResolvedRange =
  /** 200: there is no range to honour. */
  | { readonly kind: "whole" }
  /** 206: these parts, in the order asked for; more than one as multipart/byteranges. */
  | { readonly kind: "parts"; readonly parts: readonly Part[] }
  /** 416. */
  | { readonly kind: "unsatisfiable" };

const WHOLE: ResolvedRange = { kind: "whole" };

/** More parts than a reader needs. With more of them, a small request would cause a large answer. */
const MOST_PARTS = 8;

/** The bytes that a client gets of a representation of `length` bytes (RFC 9110 section 14.2). */
export function resolveRange(request: CacheRequest, head: ResponseHead, length: number): ResolvedRange {
  // RFC 9110 section 14.2: Range is defined for GET only, and for what would otherwise be a 200.
  if (request.method !== "GET" || head.status !== 200 || length === 0) return WHOLE;
  const [value, ...more] = request.fields.all("range");
  if (value === undefined || more.length > 0 || !ifRangeHolds(request, head)) return WHOLE;
  const specs = rangeSpecs(value);
  if (specs === undefined) return WHOLE;
  const parts = specs.map((spec) => partOf(spec, length)).filter((part) => part !== undefined);
  if (parts.length === 0) return { kind: "unsatisfiable" };
  // RFC 9110 section 14.2: a server may ignore ranges that overlap.
  return overlap(parts) ? WHOLE : { kind: "parts", parts };
}

/**
 * Whether this edge ignores the range whatever the representation is: it is malformed, has too many parts, or has parts
 * that overlap. RFC 9110 section 14.2 allows that. Passed on, it would make the origin send a large answer.
 */
export function isExcessiveRange(value: string): boolean {
  if (!/^bytes=/i.test(value)) return false;
  const specs = rangeSpecs(value);
  if (specs === undefined) return true;
  const known = specs.filter((spec) => "first" in spec);
  return overlap(known) || specs.length - known.length > 1;
}

/** The Content-Range of a part; without a part, that of a 416 (RFC 9110 section 14.4). */
export function contentRange(part: Part | undefined, length: number): string {
  return part === undefined ? `bytes */${length}` : `bytes ${part.first}-${part.last}/${length}`;
}

/** A parsed Content-Range. `length` is undefined when the sender did not know it. */
export interface ContentRange extends Part {
  readonly length: number | undefined;
}

/** undefined: it is malformed, of another unit, or of a 416 (RFC 9110 section 14.4). */
export function parseContentRange(value: string): ContentRange | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(value);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2]);
  const length = match[3] === "*" ? undefined : Number(match[3]);
  if (last < first || (length !== undefined && length <= last)) return undefined;
  return { first, last, length };
}

/** A range as asked for: from `first` on, or the last `suffix` bytes. */
type RangeSpec = { first: number; last: number } | { suffix: number };

/** RFC 9110 section 14.1.1. undefined: another unit, malformed, an invalid range among them, or too many. */
function rangeSpecs(value: string): readonly RangeSpec[] | undefined {
  const set = /^bytes=(.*)$/i.exec(value)?.[1];
  const members = set === undefined ? [] : listMembers(set);
  if (members.length === 0 || members.length > MOST_PARTS) return undefined;
  const specs: RangeSpec[] = [];
  for (const member of members) {
    const match = /^(\d*)-(\d*)$/.exec(member);
    const [, from = "", to = ""] = match ?? [];
    if (from === "" && to === "") return undefined;
    if (from === "") specs.push({ suffix: Number(to) });
    else {
      const spec = { first: Number(from), last: to === "" ? Number.POSITIVE_INFINITY : Number(to) };
      if (spec.last < spec.first) return undefined;
      specs.push(spec);
    }
  }
  return specs;
}

/** RFC 9110 section 14.1.2: the part that exists; undefined: none does. */
function partOf(spec: RangeSpec, length: number): Part | undefined {
  if ("suffix" in spec) {
    return spec.suffix === 0 ? undefined : { first: Math.max(0, length - spec.suffix), last: length - 1 };
  }
  return spec.first >= length ? undefined : { first: spec.first, last: Math.min(spec.last, length - 1) };
}

function overlap(parts: readonly Part[]): boolean {
  const ascending = [...parts].sort((a, b) => a.first - b.first);
  return ascending.some((part, index) => {
    const next = ascending[index + 1];
    return next !== undefined && next.first <= part.last;
  });
}

/** RFC 9110 section 13.1.5: the range is wanted only of the representation that the client has part of. */
function ifRangeHolds(request: CacheRequest, head: ResponseHead): boolean {
  const value = request.fields.get("if-range");
  if (value === undefined) return true;
  const tag = parseEntityTag(value);
  if (tag !== undefined) return strongMatch(tag, parseEntityTag(head.fields.get("etag")));
  const date = parseHttpDate(value);
  return date !== undefined && date === strongModificationDate(head);
}

/** RFC 9110 section 8.8.2.2: a date is strong when the response was made a second or more after it. */
export function strongModificationDate(head: ResponseHead): number | undefined {
  const modified = parseHttpDate(head.fields.get("last-modified") ?? "");
  const made = parseHttpDate(head.fields.get("date") ?? "");
  return modified !== undefined && made !== undefined && made - modified >= 1000 ? modified : undefined;
}
