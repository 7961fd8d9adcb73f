import { listMembers } from "./comma-list.ts";
import { rawValues } from "./raw-fields.ts";

export type HttpVersion = "1.0" | "1.1" | "2";

/** Where the content of a request ends. */
export type RequestFraming =
  | { readonly kind: "none" }
  /** After so many bytes; 0 is possible. */
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" };

/** Where the content of a message ends. */
export type Framing = RequestFraming | { readonly kind: "until-close" };

/** Why it is not certain where the content ends, in one word. */
export type FramingFault =
  | "transfer-encoding-in-http-1.0"
  | "unknown-transfer-coding"
  | "not-chunked"
  | "length-and-transfer-encoding"
  | "two-content-lengths"
  | "malformed-content-length";

const NONE: RequestFraming = { kind: "none" };
const CHUNKED: RequestFraming = { kind: "chunked" };
const UNTIL_CLOSE: Framing = { kind: "until-close" };

/** RFC 9112 section 6.3 for a request. `raw`: name, value, name, value … */
export function requestFraming(version: HttpVersion, raw: readonly string[]): RequestFraming | FramingFault {
  const lengths = rawValues(raw, "content-length");
  const codings = rawValues(raw, "transfer-encoding");
  if (codings.length > 0) {
    // RFC 9112 section 6.1: HTTP/1.0 has no transfer codings.
    if (version === "1.0") return "transfer-encoding-in-http-1.0";
    if (lengths.length > 0) return "length-and-transfer-encoding";
    return codings.length === 1 && codings[0]?.toLowerCase() === "chunked" ? CHUNKED : codingsFault(codings);
  }
  const [length, ...more] = lengths;
  if (length === undefined) return NONE;
  // RFC 9110 section 8.6 lets equal ones pass. A sender of two is trusted with neither.
  if (more.length > 0) return "two-content-lengths";
  // Fifteen digits are more than any content and are exact as a number.
  return /^[0-9]{1,15}$/.test(length)
    ? { kind: "length", length: Number(length) }
    : "malformed-content-length";
}

/**
 * RFC 9112 section 6.3 for a response to anything but HEAD. The fields must make sense even where they do not
 * count: a proxy passes them on.
 */
export function responseFraming(
  version: HttpVersion,
  raw: readonly string[],
  status: number,
): Framing | FramingFault {
  const framing = requestFraming(version, raw);
  if (typeof framing === "string") return framing;
  if (status < 200 || status === 204 || status === 304) return NONE;
  return framing.kind === "none" ? UNTIL_CLOSE : framing;
}

/** The fault of codings other than `chunked` alone. */
function codingsFault(codings: readonly string[]): FramingFault {
  const names = codings.flatMap(listMembers).map((coding) => coding.toLowerCase());
  // RFC 9112 section 6.3: only chunked, once and last, tells where the content ends. A list of chunked and
  // empty members is a list for some, and no list for others.
  const isLastOnly = names.at(-1) === "chunked" && names.indexOf("chunked") === names.length - 1;
  return isLastOnly && names.length > 1 ? "unknown-transfer-coding" : "not-chunked";
}
