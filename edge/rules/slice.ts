import { requestDirectives } from "./directives.ts";
import { parseEntityTag } from "./entity-tag.ts";
import type { CacheRequest, ResponseHead, Slice } from "./exchange.ts";
import { type HeldPart, heldPart } from "./partial.ts";
import { isExcessiveRange, strongModificationDate } from "./range.ts";
import type { SiteRules } from "./site-rules.ts";
import { hasContent } from "./storable.ts";

/** The Range that asks for it (RFC 9110 section 14.1.2: beyond the end of the body it is shorter). */
export function rangeOf({ size, number }: Slice): string {
  return `bytes=${number * size}-${(number + 1) * size - 1}`;
}

/** The slice that an answer begins with, as far as that can be told before the length of the body is known. */
export function firstSlice(request: CacheRequest, rules: Pick<SiteRules, "slice">): Slice | undefined {
  const { method, fields, content, slice, matched } = request;
  const size = matched?.slice ?? rules.slice;
  if (
    size === "off" ||
    (method !== "GET" && method !== "HEAD") ||
    content !== undefined ||
    slice !== undefined
  )
    return undefined;
  // RFC 9111 section 4.3.2: only the origin evaluates these. The whole request is for it.
  if (fields.has("If-Match") || fields.has("If-Unmodified-Since") || hasContent(fields)) return undefined;
  const { noStore, onlyIfCached } = requestDirectives(fields);
  // RFC 9111 section 5.2.1.7: an answer that has begun could not become a 504 at a slice that is not stored.
  if (noStore || onlyIfCached) return undefined;
  // RFC 9110 section 14.2: Range is defined for GET only.
  const number = method === "HEAD" ? 0 : numberOf(fields.get("Range"), size);
  return number === undefined ? undefined : { size, number };
}

// Positions are exact up to here, with room for a slice.
const LAST_POSITION = 999_999_999_999_999;

/** undefined: it asks for several parts, or by another unit. */
function numberOf(range: string | undefined, size: number): number | undefined {
  // RFC 9110 section 14.2: a range that the edge ignores asks for the whole.
  if (range === undefined || isExcessiveRange(range)) return 0;
  const [matched, first = ""] = /^bytes=\s*(\d*)-\d*\s*$/i.exec(range) ?? [];
  if (matched === undefined) return undefined;
  const position = Number(first);
  return position > LAST_POSITION ? undefined : Math.floor(position / size);
}

/**
 * Names the representation that a slice is a part of. RFC 9110 section 15.3.7.3: parts belong together when they share a
 * strong validator. undefined: it has none, so that its slices cannot be told from those of another version.
 */
export function versionOf(head: ResponseHead): string | undefined {
  const held = heldPart(head);
  if (held === undefined) return undefined;
  const { fields } = head;
  const tag = fields.get("ETag");
  const entityTag = parseEntityTag(tag);
  const modified = entityTag === undefined ? strongModificationDate(head) : undefined;
  const validator = entityTag?.weak === false ? tag : modified;
  if (validator === undefined) return undefined;
  // A server that compresses some of its answers may give all of them one tag.
  return JSON.stringify([validator, held.length, fields.get("Content-Encoding") ?? ""]);
}

/** Whether a 206 is the very slice that was asked for, and can be told from that of another version or is the whole. */
export function isSlice(head: ResponseHead, slice: Slice): boolean {
  const held = heldPart(head);
  if (held === undefined || held.first !== slice.size * slice.number) return false;
  // RFC 9110 section 15.3.7.1: of one part, it is the length of the content.
  const announced = head.fields.get("Content-Length");
  if (announced !== undefined && Number(announced) !== held.last - held.first + 1) return false;
  const isFull = held.last === Math.min(held.first + slice.size, held.length) - 1;
  return isFull && (isWhole(held) || versionOf(head) !== undefined);
}

function isWhole({ first, last, length }: HeldPart): boolean {
  return first === 0 && last === length - 1;
}
