/**
 * What the rules of a site make of a request, before its key is made.
 *
 * A request that goes on may be replaced. Everything behind this place sees the replaced request only: the key, the store,
 * the origin, and what an unsafe request invalidates. So what a rule leaves out of the key cannot reach the origin, and no
 * client can choose by it what others get.
 *
 * A rule that matches by something that is not in the key, such as a header field, marks the responses that it shapes
 * (`mark`). A marked response answers only requests that the same rules match.
 */

import { type MatchedRules, markOf, variesOf } from "./matched-rules.ts";
import { SeenPath } from "./path-readings.ts";
import type { CompiledRule, RuleBook } from "./rule-book.ts";
import type { MatchedRequest } from "./rule-match.ts";

export type RequestPlan<R> = {
  readonly kind: "go";
  readonly request: R & { readonly matched?: MatchedRules };
};

export function planRequest<R extends MatchedRequest>(book: RuleBook, request: R): RequestPlan<R> {
  if (book.rules.length === 0) return { kind: "go", request };
  const rules: CompiledRule[] = [];
  const path = new SeenPath(request.target);
  for (const rule of book.rules) if (rule.match.matchesRequest(request, path)) rules.push(rule);
  if (rules.length === 0) return { kind: "go", request };
  const matched = { rules, mark: markOf(rules), varies: variesOf(rules) };
  return { kind: "go", request: { ...request, matched } };
}
