import type { HttpVersion } from "./message-framing.ts";
import { rawValues } from "./raw-fields.ts";

// RFC 9110 section 7.6.1: a list of tokens, compared without case.
const CLOSE = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;
const KEEP_ALIVE = /(?:^|,)[ \t]*keep-alive[ \t]*(?:,|$)/i;

/**
 * RFC 9112 section 9.3: whether the connection stays open after this message. `raw`: name, value, name, value …
 * A client of HTTP/1.0 whose connection stays open has to be told so, by `Connection: keep-alive`.
 */
export function persists(version: HttpVersion, raw: readonly string[]): boolean {
  const options = rawValues(raw, "connection").join();
  if (CLOSE.test(options)) return false;
  return version !== "1.0" || KEEP_ALIVE.test(options);
}
