import { REQUEST_ID } from "../../http/access-log/request-id.ts";
import type { OriginResponse } from "../origin/origin.ts";
import type { CacheContext } from "./context.ts";
import { countOriginError } from "./origin-errors.ts";

/**
 * A response of the origin of a site, whose failure is counted. Where clients are told identifiers of this edge's own, an
 * origin's is dropped: a stored one would name the request that began the fill.
 */
export async function originAnswer(
  response: Promise<OriginResponse>,
  site: string,
  edge: Pick<CacheContext, "counters" | "tellsIds">,
): Promise<OriginResponse> {
  try {
    const answer = await response;
    if (edge.tellsIds !== true || !answer.fields.has(REQUEST_ID)) return answer;
    return { ...answer, fields: answer.fields.without([REQUEST_ID]) };
  } catch (thrown) {
    countOriginError(thrown, site, edge);
    throw thrown;
  }
}
