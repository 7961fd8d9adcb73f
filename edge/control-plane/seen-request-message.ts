import type { SeenRequest as SeenRequestMessage } from "../../proto/gen/edgecache/v1/edge.ts";
import { cacheStatusMember } from "../cache/outcome.ts";
import type { SeenRequest } from "../cache/seen-requests.ts";

/** What `edge` tells of it. */
export function seenRequestMessage(edge: string): (request: SeenRequest) => SeenRequestMessage {
  return ({ wall, outcome, target: _, weight: __, rules, ...said }) => ({
    ...said,
    time: new Date(wall),
    outcome: outcome?.kind ?? "error",
    cacheStatus: outcome === undefined ? "" : cacheStatusMember(edge, outcome),
    reason: "",
    mend: "",
    rules: [...rules],
  });
}
