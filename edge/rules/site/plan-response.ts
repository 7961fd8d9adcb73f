import type { CompiledRule } from "./compiled-rule.ts";
import { isByPrevious } from "./matched-rules.ts";
import type { MatchedResponse } from "./rule-match.ts";
import type { CompressAction, FieldChanges, ResponseActions, RuleTtl } from "./site-rule.ts";

/** What the rules of a site say of one response. Of several rules, the first that says something of a matter decides it. */
export interface ResponsePlan
  extends Omit<ResponseActions, "ttlIfMissing" | "negativeTtl" | "responseHeaders" | "tags"> {
  /** Those that matched, in order. */
  readonly rules: readonly CompiledRule[];
  /** Where the response does not say how long it is fresh. */
  readonly ttlIfMissing?: number | undefined;
  /** Of an error with this status. */
  readonly negativeTtl?: number | undefined;
  readonly tags: readonly string[];
  readonly changes: readonly FieldChanges[];
  readonly compress?: CompressAction | undefined;
  readonly byPrevious?: boolean;
  /** The rule that gives the lifetime. */
  readonly ttlBy?: string | undefined;
}

/** A response of which no rule says anything. */
export const NO_PLAN: ResponsePlan = { rules: [], tags: [], changes: [] };

/** `rules`: those whose part about the request has matched. */
export function planResponse(rules: readonly CompiledRule[], head: MatchedResponse): ResponsePlan {
  const matched = rules.filter(({ actsOnResponse, match }) => actsOnResponse && match.matchesResponse(head));
  if (matched.length === 0) return NO_PLAN;
  const { status } = head;
  const first = <K extends keyof ResponseActions>(action: K): ResponseActions[K] =>
    matched.find(({ rule }) => rule[action] !== undefined)?.rule[action];
  const lifetime = lifetimeOf(matched, status);
  return {
    rules: matched,
    noStore: first("noStore"),
    ...lifetime,
    browserTtl: first("browserTtl"),
    staleWhileRevalidate: first("staleWhileRevalidate"),
    staleWhileRevalidateIfMissing: first("staleWhileRevalidateIfMissing"),
    staleIfError: first("staleIfError"),
    setCookie: first("setCookie"),
    compress: matched.find(({ rule }) => rule.compress !== undefined)?.rule.compress,
    byPrevious: isByPrevious(rules),
    tags: matched.flatMap(({ rule }) => rule.tags ?? []),
    changes: matched.flatMap(({ rule }) => rule.responseHeaders ?? []),
  };
}

type Lifetime = Pick<ResponsePlan, "ttl" | "ttlIfMissing" | "negativeTtl" | "ttlBy">;

/** Of the rules, the first that gives a response of this status a lifetime. */
function lifetimeOf(rules: readonly CompiledRule[], status: number): Lifetime {
  let ttlIfMissing: number | undefined;
  let ttlBy: string | undefined;
  for (const { rule, label } of rules) {
    const negativeTtl = negativeOf(rule, status);
    if (negativeTtl !== undefined) return { negativeTtl, ttlBy: label };
    // An error must not stay for as long as the page: its lifetime is `negative-ttl`, or its rule names the status.
    if (status >= 400 && rule.match.status === undefined) continue;
    const ttl: RuleTtl | undefined = rule.ttl;
    if (ttl !== undefined) return { ttl, ttlIfMissing, ttlBy: ttlBy ?? label };
    if (rule.ttlIfMissing === undefined || ttlIfMissing !== undefined) continue;
    ttlIfMissing = rule.ttlIfMissing;
    ttlBy = label;
  }
  return { ttlIfMissing, ttlBy };
}

/** The exact status goes before its class. */
function negativeOf({ negativeTtl = {} }: ResponseActions, status: number): number | undefined {
  return negativeTtl[String(status)] ?? negativeTtl[`${String(status)[0]}xx`];
}
