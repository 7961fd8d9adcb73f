import type { SeenRequest as SeenRequestMessage } from "../../proto/gen/edgecache/v1/edge.ts";
import { advice } from "../cache/advice.ts";
import { cacheStatusMember } from "../cache/outcome.ts";
import type { SeenRequest } from "../cache/seen-requests.ts";

/** What `edge` tells of it. */
export function seenRequestMessage(edge: string): (request: SeenRequest) => SeenRequestMessage {
  return (seen) => {
    const { wall, outcome, target: _, weight: __, validates: ___, vary: ____, rules, ...said } = seen;
    return {
      ...said,
      ...advice(seen),
      time: new Date(wall),
      outcome: outcome?.kind ?? "error",
      cacheStatus: outcome === undefined ? "" : cacheStatusMember(edge, outcome),
      rules: [...rules],
    };
  };
}
