import type { CompiledRule } from "./compiled-rule.ts";
import { SeenPath } from "./path-readings.ts";
import type { RuleBook } from "./rule-book.ts";
import { filledTemplate, restOf } from "./target-template.ts";

/**
 * The targets that requests for this one may have by the rules, and the target itself: what a purge or an invalidation of
 * it covers. A condition that the target alone does not decide may hold or not. Without a query the target stands for
 * every query at its path.
 */
export function possibleTargets(book: RuleBook, target: string): readonly string[] {
  if (!book.changesTarget) return [target];
  const path = new SeenPath(target);
  const anyQuery = !target.includes("?");
  const concerned = book.rules.filter(
    ({ match }) => match.matchesPath(path) && (anyQuery || match.matchesQuery(target)),
  );
  const isSure = ({ match }: CompiledRule) => !match.isConditional && !(anyQuery && match.asksForQuery);
  const rewrites = possible(
    concerned.filter(({ rule }) => rule.rewrite !== undefined),
    isSure,
  );
  const queries = possible(
    concerned.filter(({ query }) => query !== undefined),
    isSure,
  );
  const targets = new Set([target]);
  for (const by of rewrites) {
    const to = by?.rule.rewrite;
    const rest = restOf(by?.rule.match.path ?? [], target);
    const rewritten = to === undefined ? target : filledTemplate(to, { target, host: "", rest });
    for (const left of queries) targets.add(left?.query?.(rewritten) ?? rewritten);
  }
  return [...targets];
}

/** The rules of which one may be the first that holds; undefined: that none does. */
function possible(
  rules: readonly CompiledRule[],
  isSure: (rule: CompiledRule) => boolean,
): readonly (CompiledRule | undefined)[] {
  const sure = rules.findIndex(isSure);
  return sure === -1 ? [...rules, undefined] : rules.slice(0, sure + 1);
}
