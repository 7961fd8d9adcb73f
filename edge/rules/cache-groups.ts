import { isSafe } from "./invalidation.ts";
import type { CacheRequest, ResponseHead } from "./message.ts";
import { cacheGroups } from "./tags.ts";

/**
 * The groups whose stored responses, of the same origin only, a response to an unsafe request invalidates (RFC
 * 9875 section 3). None for a safe method, and none when the field is no List of Strings.
 */
export function invalidatedGroups(request: CacheRequest, response: ResponseHead): readonly string[] {
  if (isSafe(request.method)) return [];
  return [...new Set(cacheGroups(response.fields.get("cache-group-invalidation")))];
}
