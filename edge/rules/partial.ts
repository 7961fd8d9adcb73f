import type { Fields } from "../../http/message/fields.ts";
import { type EntityTag, parseEntityTag, strongMatch } from "./entity-tag.ts";
import type { CacheRequest, ResponseHead } from "./exchange.ts";
import { type ContentRange, type Part, parseContentRange, resolveRange } from "./range.ts";

/** The part of a representation that a 206 holds; `length` is that of the whole. */
export interface HeldPart extends Part {
  readonly length: number;
}

/** undefined: it is not a 206 with one part of a whole of known length (RFC 9110 section 15.3.7.1). */
export function heldPart(head: ResponseHead): HeldPart | undefined {
  if (head.status !== 206) return undefined;
  const range: ContentRange | undefined = parseContentRange(head.fields.get("content-range") ?? "");
  return range?.length === undefined ? undefined : { ...range, length: range.length };
}

/** A stored response, as far as parts are concerned. */
interface HoldsPart extends ResponseHead {
  readonly held: HeldPart | undefined;
  readonly entityTag: EntityTag | undefined;
}

/**
 * Whether a stored response has all the bytes that the request asks for. RFC 9111 section 3.3: an incomplete response
 * answers only a range within it.
 */
export function answersWholly(stored: HoldsPart, request: CacheRequest): boolean {
  if (stored.status !== 206) return true;
  const { held } = stored;
  if (held === undefined) return false;
  const asked = resolveRange(request, { status: 200, fields: stored.fields }, held.length);
  return (
    asked.kind === "parts" && asked.parts.every((part) => held.first <= part.first && part.last <= held.last)
  );
}

/** The request fields that ask for the bytes missing at one end of a stored part. */
export type Completion = readonly (readonly [name: "Range" | "If-Range", value: string])[];

/**
 * How to complete a stored part; undefined when more than one piece is missing. Without a strong entity tag the two
 * cannot be combined (RFC 9111 section 3.4). Asking is right all the same: an origin that ignores ranges sends the whole.
 */
export function completion({ held, entityTag, fields }: HoldsPart): Completion | undefined {
  if (held === undefined) return undefined;
  const startMissing = held.first > 0;
  const endMissing = held.last < held.length - 1;
  if (startMissing === endMissing) return undefined;
  const range = startMissing ? `bytes=0-${held.first - 1}` : `bytes=${held.last + 1}-`;
  const ifRange = fields.get("etag");
  if (ifRange === undefined || entityTag === undefined || entityTag.weak) return [["Range", range]];
  return [
    ["Range", range],
    ["If-Range", ifRange],
  ];
}

/**
 * The fields of a part with as many bytes as arrived. If fewer arrived than its Content-Range says, they are the first of
 * them. undefined: more arrived, or none.
 */
export function clamped(part: ResponseHead, bytes: number): Fields | undefined {
  const held = heldPart(part);
  if (held === undefined || bytes === 0 || bytes > held.last - held.first + 1) return undefined;
  return part.fields.with("Content-Range", `bytes ${held.first}-${held.first + bytes - 1}/${held.length}`);
}

/** Two parts as one: its head and its place in the whole. */
export interface Combined extends ResponseHead {
  readonly held: HeldPart;
}

/**
 * A stored part and a newer one of the same representation, put together (RFC 9111 section 3.4, RFC 9110
 * section 15.3.7.3). undefined: they do not share a strong entity tag and a length, or leave a gap.
 */
export function combined(older: ResponseHead, newer: ResponseHead): Combined | undefined {
  const [a, b] = [heldPart(older), heldPart(newer)];
  if (a === undefined || b === undefined || a.length !== b.length) return undefined;
  const sameTag = strongMatch(
    parseEntityTag(older.fields.get("etag")),
    parseEntityTag(newer.fields.get("etag")),
  );
  if (!sameTag || a.last + 1 < b.first || b.last + 1 < a.first) return undefined;
  const held = { first: Math.min(a.first, b.first), last: Math.max(a.last, b.last), length: a.length };
  const complete = held.first === 0 && held.last === held.length - 1;
  return { status: complete ? 200 : 206, held, fields: combinedFields(newer.fields, held, complete) };
}

/** RFC 9110 section 15.3.7.3: the newer fields, with the length and the range of the combination. */
function combinedFields(newer: Fields, held: HeldPart, complete: boolean): Fields {
  const fields = newer.with("Content-Length", String(held.last - held.first + 1));
  return complete
    ? fields.without(["Content-Range"])
    : fields.with("Content-Range", `bytes ${held.first}-${held.last}/${held.length}`);
}
