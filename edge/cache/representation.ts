import { randomUUID } from "node:crypto";
import type { Fields } from "../../http/message/fields.ts";
import { type EntityTag, parseEntityTag } from "../rules/entity-tag.ts";
import type { CacheRequest } from "../rules/exchange.ts";
import type { HeldPart } from "../rules/partial.ts";
import { contentRange, type Part, resolveRange } from "../rules/range.ts";
import { preconditions } from "../rules/validation.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import {
  type BytesContent,
  bytesContent,
  type Content,
  type Filled,
  NO_CONTENT,
  type Served,
  sliceBytes,
  sliceContent,
} from "./answer.ts";

interface Head {
  readonly status: number;
  readonly fields: Fields;
}

/** The part of an answer that a client's preconditions and range choose. */
export interface Represented extends Head {
  readonly content: Content;
}

// RFC 9110 section 15.4.5: a 304 leaves these fields of its response out.
export const NOT_IN_304 = [
  "Content-Length",
  "Content-Encoding",
  "Content-Language",
  "Content-Range",
  "Content-Type",
  "Accept-Ranges",
];

/** Answers the client's own preconditions and range from a stored response, which may be a part of a whole. */
export function representStored(request: CacheRequest, stored: StoredResponse): Represented {
  const { status, held, entityTag } = stored;
  const fields = stored.clientFields.unpacked();
  const content = bytesContent(stored.chunks);
  if (held === undefined)
    return representFrom(request, { status, fields }, entityTag, content, wholeOf(content));
  const whole = { status: 200, fields: fields.without(["Content-Range"]) };
  return representFrom(request, whole, entityTag, content, held);
}

/** Answers the client's own preconditions and range from a response as it arrives. */
export function represent(request: CacheRequest, head: Head, content: Content): Represented {
  return representFrom(request, head, parseEntityTag(head.fields.get("ETag")), content, wholeOf(content));
}

/** The same from a part of a body, of which `head` is that of the whole. */
export function representHeld(
  request: CacheRequest,
  head: Head,
  content: Content,
  held: HeldPart,
): Represented {
  return representFrom(request, head, parseEntityTag(head.fields.get("ETag")), content, held);
}

/** With what stands behind the content, which is about the whole: a part of it has none. */
export function withTrailers(
  represented: Represented,
  content: Content,
  filled: Filled,
): Represented & Pick<Served, "trailers"> {
  const trailers = "trailers" in filled ? filled.trailers : undefined;
  return represented.content === content && trailers !== undefined
    ? { ...represented, trailers }
    : represented;
}

/** All of it; undefined when its length is unknown, or nothing. */
function wholeOf(content: Content): HeldPart | undefined {
  const length = content.kind === "none" ? undefined : content.length;
  return length === undefined || length === 0 ? undefined : { first: 0, last: length - 1, length };
}

/** `held` says which bytes of the representation `content` has. */
function representFrom(
  request: CacheRequest,
  head: Head,
  entityTag: EntityTag | undefined,
  content: Content,
  held: HeldPart | undefined,
): Represented {
  switch (preconditions(request, head, entityTag)) {
    case "not-modified":
      return without(content, { status: 304, fields: head.fields.without(NOT_IN_304) });
    case "precondition-failed":
      return without(content, { status: 412, fields: head.fields.without(NOT_IN_304) });
    case "proceed":
      break;
  }
  if (held === undefined) return { ...head, content };
  const range = resolveRange(request, head, held.length);
  switch (range.kind) {
    case "whole":
      return { ...head, content };
    case "unsatisfiable": {
      const fields = head.fields
        .without(NOT_IN_304)
        .with("Content-Range", contentRange(undefined, held.length));
      return without(content, { status: 416, fields });
    }
    case "parts":
      return inParts(head, content, held, range.parts);
  }
}

function inParts(head: Head, content: Content, held: HeldPart, parts: readonly Part[]): Represented {
  const [part, ...more] = parts;
  if (part === undefined) return { ...head, content };
  if (more.length === 0) {
    const fields = head.fields
      .with("Content-Range", contentRange(part, held.length))
      .with("Content-Length", String(part.last - part.first + 1));
    return {
      status: 206,
      fields,
      content: sliceContent(content, part.first - held.first, part.last - held.first),
    };
  }
  // RFC 9110 section 14.2: a Range may be ignored; several parts of a body that is still arriving are not worth a copy.
  return content.kind === "bytes" ? multipart(head, content, held, parts) : { ...head, content };
}

/** RFC 9110 section 14.6. */
function multipart(head: Head, content: BytesContent, held: HeldPart, parts: readonly Part[]): Represented {
  // Random, so that the content cannot contain it.
  const boundary = randomUUID();
  const type = head.fields.get("Content-Type");
  const chunks: Uint8Array[] = [];
  const encoder = new TextEncoder();
  for (const part of parts) {
    const typeLine = type === undefined ? "" : `Content-Type: ${type}\r\n`;
    const range = `Content-Range: ${contentRange(part, held.length)}\r\n`;
    chunks.push(encoder.encode(`\r\n--${boundary}\r\n${typeLine}${range}\r\n`));
    chunks.push(...sliceBytes(content, part.first - held.first, part.last - held.first).chunks);
  }
  chunks.push(encoder.encode(`\r\n--${boundary}--\r\n`));
  const fields = head.fields
    .without(["Content-Range", "Content-Length"])
    .with("Content-Type", `multipart/byteranges; boundary=${boundary}`);
  return { status: 206, fields, content: bytesContent(chunks) };
}

function without(content: Content, head: Head): Represented {
  if (content.kind === "stream") content.cancel();
  return { ...head, content: NO_CONTENT };
}
