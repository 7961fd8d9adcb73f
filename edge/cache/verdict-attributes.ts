import type { Attributes } from "../../process/tracing/span.ts";
import type { Verdict } from "../rules/judge.ts";
import type { StoredResponse } from "../store/stored-response.ts";

/** What the span of a lookup says. The words are those of `judge`, and for `fwd` and `detail` those of Cache-Status. */
export function verdictAttributes(verdict: Verdict<StoredResponse>): Attributes {
  return {
    "edgecache.verdict": verdict.kind,
    "edgecache.fwd": "why" in verdict ? verdict.why : undefined,
    "edgecache.detail": "detail" in verdict ? verdict.detail : undefined,
    "edgecache.ttl": "ttl" in verdict ? Math.floor(verdict.ttl) : undefined,
  };
}
