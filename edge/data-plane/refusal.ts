import type { Served } from "../cache/answer.ts";
import { errorAnswer } from "../cache/error-answer.ts";

/** Why a request is answered without a look at the cache. */
export interface Refusal {
  readonly status: number;
  readonly detail: string;
}

export const SLOW_BODY: Refusal = { status: 408, detail: "request-too-slow" };
export const MALFORMED_BODY: Refusal = { status: 400, detail: "malformed-body" };
// RFC 9110 section 15.5.20: this edge does not answer for that authority.
export const UNKNOWN_HOST: Refusal = { status: 421, detail: "unknown-host" };

export function refusalAnswer({ status, detail }: Refusal, edge: Parameters<typeof errorAnswer>[2]): Served {
  return errorAnswer(status, { fwd: "bypass", detail, proxyError: "http_request_error" }, edge);
}

/** Bytes of content of an answer of the edge's own. */
export function lengthOf({ content }: Served): number {
  return content.kind === "none" ? 0 : (content.length ?? 0);
}
