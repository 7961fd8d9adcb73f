import type { TopRequest, TopResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import { advice, NO_ADVICE } from "../cache/advice.ts";
import { type TopOrder, type TopRequests, topOrders } from "../cache/top-requests.ts";
import { type CallResult, invalidArgument } from "./call-result.ts";

const DEFAULT_LIMIT = 20;
const MOST_ROWS = 100;

/** Answers Top. */
export function topResponse(
  { by, limit }: TopRequest,
  { id, top }: { readonly id: string; readonly top: TopRequests },
): CallResult<TopResponse> {
  const order = by === "" ? "requests" : topOrders.find((each) => each === by);
  if (order === undefined) return invalidArgument("by", `must be one of ${topOrders.join(", ")}`, by);
  if (limit > MOST_ROWS)
    return invalidArgument("limit", `must be 1 to ${MOST_ROWS}, or 0 for ${DEFAULT_LIMIT}`, String(limit));
  return { ok: true, value: { edge: id, ...sorted(order, limit === 0 ? DEFAULT_LIMIT : limit, top) } };
}

function sorted(by: TopOrder, limit: number, top: TopRequests): Omit<TopResponse, "edge"> {
  const { windowMs, rows } = top.rows(by, limit);
  return {
    windowSeconds: windowMs / 1_000,
    rows: rows.map(({ missed, ...row }) => ({
      ...row,
      ...(missed === undefined ? NO_ADVICE : advice(missed)),
    })),
  };
}
