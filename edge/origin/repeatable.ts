import { isIdempotent } from "../../http/message/methods.ts";
import type { OriginRequest } from "./origin.ts";

/**
 * Whether a request that got nothing of a response may be sent again: doing it twice is as good as once, and it has
 * no body, of which an unknown part has been read already.
 */
export function isRepeatable(request: OriginRequest): boolean {
  return isIdempotent(request.method) && request.body === undefined;
}
