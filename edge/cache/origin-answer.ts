import { REQUEST_ID } from "../../http/access-log/request-id.ts";
import type { OriginResponse } from "../origin/origin.ts";
import type { CacheContext } from "./context.ts";
import { countOriginError } from "./origin-errors.ts";
import { MARK } from "./peers/peer-fields.ts";

/**
 * A response of the origin of a site, whose failure is counted. Where clients are told identifiers of this edge's own, an
 * origin's is dropped: a stored one would name the request that began the fill. Only edges tell marks.
 */
export async function originAnswer(
  response: Promise<OriginResponse>,
  site: string,
  edge: Pick<CacheContext, "counters" | "tellsIds">,
): Promise<OriginResponse> {
  try {
    const answer = await response;
    const dropped = edge.tellsIds === true ? [MARK, REQUEST_ID] : [MARK];
    const isPlain = !dropped.some((name) => answer.fields.has(name));
    return isPlain ? answer : { ...answer, fields: answer.fields.without(dropped) };
  } catch (thrown) {
    countOriginError(thrown, site, edge);
    throw thrown;
  }
}
