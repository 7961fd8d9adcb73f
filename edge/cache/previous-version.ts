import type { CacheRequest } from "../rules/exchange.ts";
import { isNegotiated } from "../rules/form-choice.ts";
import { selects } from "../rules/vary.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import type { CacheContext } from "./context.ts";
import type { PurgeState } from "./purge-state.ts";

/**
 * The stored version of a response that is about to be replaced, where it may be the dictionary for the new one.
 *
 * Rule E10: of a purged version nothing is used. One with a tag that the new version has not is no dictionary either, so
 * each later purge that covers it covers the new version too, and takes the delta with it.
 */
export function previousVersion(
  response: StoredResponse,
  request: CacheRequest,
  { store, purges }: Pick<CacheContext, "store"> & { readonly purges: Pick<PurgeState, "standing"> },
): StoredResponse | undefined {
  if (request.matched?.byPrevious !== true || response.method !== "GET" || !isNegotiated(response))
    return undefined;
  const previous = store.peek(response.key).find((held) => selects(held.selecting, request));
  if (previous === undefined || previous.method !== "GET" || !isNegotiated(previous)) return undefined;
  const standing = purges.standing(previous).kind;
  const isUsable = standing === "trusted" || standing === "soft-purged";
  // It stands for other targets, whose purges would not cover the new version.
  if (!isUsable || previous.variance !== undefined) return undefined;
  return previous.tags.every((tag) => response.tags.includes(tag)) ? previous : undefined;
}
