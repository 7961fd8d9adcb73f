import { SeenPath } from "./path-readings.ts";
import { type PlannableRequest, planRequest } from "./plan-request.ts";
import type { RuleBook } from "./rule-book.ts";
import { ruleActions, ruleWords } from "./rule-words.ts";

/** One rule, as it is for a request. */
export interface ExplainedRule {
  readonly rule: string;
  readonly matched: boolean;
  /** The condition that does not hold; "" when all do. */
  readonly because: string;
  readonly does: readonly string[];
}

/** All rules of a site, in order. */
export function explainedRules(book: RuleBook, request: PlannableRequest): readonly ExplainedRule[] {
  const plan = planRequest(book, request);
  const path = new SeenPath(request.target);
  const last = plan.kind === "answer" ? book.rules.indexOf(plan.by) : book.rules.length;
  return book.rules.map(({ label, rule, match }, at) => {
    const unmet = at > last ? "an earlier rule answers" : (match.unmet(request, path) ?? "");
    const does = ruleActions
      .filter((action) => rule[action] !== undefined)
      .map((action) => (rule[action] === false ? `${ruleWords[action]}: false` : ruleWords[action]));
    return { rule: label, matched: unmet === "", because: unmet, does };
  });
}
