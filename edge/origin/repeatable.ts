import type { OriginRequest } from "./origin.ts";

// RFC 9110 section 9.2.2.
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/**
 * Whether a request that got nothing of a response may be sent again: doing it twice is as good as once, and it has
 * no body, of which an unknown part has been read already.
 */
export function isRepeatable(request: OriginRequest): boolean {
  return IDEMPOTENT.has(request.method) && request.body === undefined;
}
