/** The methods that are registered as safe (RFC 9110 section 9.2.1). */
const SAFE: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "OPTIONS",
  "PROPFIND",
  "QUERY",
  "REPORT",
  "SEARCH",
  "TRACE",
]);

/** A safe method asks for nothing to be changed. An unknown method is not safe. */
export function isSafe(method: string): boolean {
  return SAFE.has(method);
}

/**
 * RFC 9110 section 9.2.2: sending the request twice has the effect of sending it once. Of the methods that are not
 * safe, only those of RFC 9110 are known here.
 */
export function isIdempotent(method: string): boolean {
  return isSafe(method) || method === "PUT" || method === "DELETE";
}
