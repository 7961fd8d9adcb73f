import { isSafe } from "../../http/message/methods.ts";
import type { CacheRequest, ResponseHead } from "./exchange.ts";
import { cacheGroups } from "./tags.ts";
import { sameOriginTarget } from "./uri-reference.ts";

/**
 * The targets that a response to an unsafe request invalidates (RFC 9111 section 4.4): the request's own, and those of
 * the same origin that Location and Content-Location name. `origin` is the scheme://authority of the request.
 */
export function invalidatedTargets(
  request: CacheRequest,
  response: ResponseHead,
  origin: string,
): readonly string[] {
  // RFC 9111 section 4.4: a non-error response is one with a 2xx or 3xx status.
  if (isSafe(request.method) || response.status < 200 || response.status >= 400) return [];
  const targets = new Set([request.target]);
  for (const name of ["Location", "Content-Location"]) {
    for (const reference of response.fields.all(name)) {
      const target = sameOriginTarget(reference, origin, request.target);
      if (target !== undefined) targets.add(target);
    }
  }
  return [...targets];
}

/**
 * The groups that a response to an unsafe request invalidates at its own origin (RFC 9875 section 3). There are none for
 * a safe method, and none when the field is not a List of Strings.
 */
export function invalidatedGroups(request: CacheRequest, response: ResponseHead): readonly string[] {
  if (isSafe(request.method)) return [];
  return [...new Set(cacheGroups(response.fields.get("cache-group-invalidation")))];
}
