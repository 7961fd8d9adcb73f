import type { PurgeResponse } from "../gen/edgecache/v1/edge.ts";
import { roundedMs } from "./rounded-ms.ts";

/** The JSON document of a purge: these fields, in this order; `differs` only if true. */
export function purgeDocument(answer: PurgeResponse) {
  return {
    purgeId: answer.purgeId,
    position: answer.position,
    outcome: answer.outcome,
    edges: answer.edges.map(({ edge, state, ms, objects, differs }) => ({
      edge,
      state,
      ms: roundedMs(ms),
      objects,
      ...(differs ? { differs } : {}),
    })),
  };
}

/** The JSON document of a dry run: that of a purge, with bytes beside objects. */
export function dryRunDocument(answer: PurgeResponse) {
  const { edges, ...rest } = purgeDocument(answer);
  return { ...rest, edges: edges.map((receipt, i) => ({ ...receipt, bytes: answer.edges[i]?.bytes ?? 0 })) };
}
