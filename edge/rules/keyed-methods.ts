import type { CacheRequest } from "./exchange.ts";

/**
 * RFC 9110 section 8: these fields, in lower case, say how the content of a request is read. Where the content is in the
 * key, they are too. The origin gets them, and no other field about the content.
 */
export const KEYED_FIELDS: ReadonlySet<string> = new Set([
  "content-type",
  "content-encoding",
  "content-language",
]);

/** Whether stored responses may answer the request, and its response others. */
export function isForCache({ method, content }: Pick<CacheRequest, "method" | "content">): boolean {
  return method === "GET" || method === "HEAD" || content !== undefined;
}
