import { listMembers } from "./comma-list.ts";
import type { Fields } from "./fields.ts";
import type { HttpVersion } from "./message-framing.ts";

/** What stands behind the content of a message (RFC 9110 section 6.5), and is never merged into its fields. */
export interface Trailers {
  /** The value of Trailer in the head: the names that its sender meant to send. */
  readonly announced: string | undefined;
  /** name, value, name, value …; known when the content has come to its end. */
  raw: readonly string[];
}

/**
 * RFC 9110 section 6.5.1: fields that say how a message is framed, routed, authenticated, controlled or read. They come too
 * late in trailers, and a program that merged them all the same would be misled.
 */
const NEVER: ReadonlySet<string> = new Set([
  "age",
  "authorization",
  "cache-control",
  "cdn-cache-control",
  "connection",
  "content-encoding",
  "content-length",
  "content-location",
  "content-range",
  "content-type",
  "cookie",
  "date",
  "expect",
  "expires",
  "host",
  "keep-alive",
  "location",
  "max-forwards",
  "pragma",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "range",
  "retry-after",
  "set-cookie",
  "strict-transport-security",
  "surrogate-control",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "vary",
  "warning",
  "www-authenticate",
]);

/** Whether a field, by its name, may stand in trailers. */
function mayTrail(name: string): boolean {
  const lower = name.toLowerCase();
  return !NEVER.has(lower) && !lower.startsWith("if-");
}

/**
 * Whether the client gets trailers. RFC 9110 section 6.5.1: by HTTP/1.1 it says that it takes them (TE: trailers). Each
 * client of HTTP/2 can tell them from content (RFC 9113 section 8.1).
 */
export function takesTrailers(version: HttpVersion, fields: Pick<Fields, "all">): boolean {
  if (version !== "1.1") return version === "2";
  return fields
    .all("TE")
    .flatMap(listMembers)
    .some((coding) => coding.toLowerCase() === "trailers");
}

/** The value of Trailer without the names that are not passed on; undefined when none is left. */
export function announcedTrailers(values: readonly string[]): string | undefined {
  const names = values.flatMap(listMembers).filter(mayTrail);
  return names.length === 0 ? undefined : names.join(", ");
}

/** Their lines, each with its end. `raw`: name, value, name, value …, well-formed. */
export function trailerLines(raw: readonly string[]): string {
  let lines = "";
  for (let i = 0; i + 1 < raw.length; i += 2)
    if (mayTrail(raw[i] ?? "")) lines += `${raw[i]}: ${raw[i + 1]}\r\n`;
  return lines;
}
