import type { CompiledRule, RuleBook } from "./rule-book.ts";
import type { MatchedRequest } from "./rule-match.ts";

/** The rules whose part about the request has matched, and what that makes of the request. */
export interface MatchedRules {
  /** In order. */
  readonly rules: readonly CompiledRule[];
  /** Of those among them that match what is not in the key. A stored response has the same mark, or is not for the request. */
  readonly mark: string | undefined;
  /** Request fields, in lower case, that are in the key by a rule: as if each response had them in its Vary. */
  readonly varies: readonly string[];
}

export const NONE_MATCHED: MatchedRules = { rules: [], mark: undefined, varies: [] };

/** The mark of several rules. */
export function markOf(rules: readonly CompiledRule[]): string | undefined {
  let mark: string | undefined;
  for (const rule of rules)
    if (rule.mark !== undefined) mark = mark === undefined ? rule.mark : `${mark} ${rule.mark}`;
  return mark;
}

/** The request fields that the rules put into the key. */
export function variesOf(rules: readonly CompiledRule[]): readonly string[] {
  const names = new Set<string>();
  for (const { rule } of rules) {
    for (const name of rule.key?.headers ?? []) names.add(name.toLowerCase());
    if (rule.key?.cookies !== undefined) names.add("cookie");
    if (rule.key?.device === true) names.add("user-agent");
    if (rule.key?.language !== undefined) names.add("accept-language");
    if (rule.key?.accept !== undefined) names.add("accept");
  }
  return [...names];
}

/**
 * The rules for a request that the edge makes itself, to refresh a stored response: those of its target, and those that
 * the mark of the stored response names.
 */
export function rulesAgain(book: RuleBook, request: MatchedRequest, mark: string | undefined): MatchedRules {
  if (book.rules.length === 0) return NONE_MATCHED;
  const marks = new Set(mark?.split(" "));
  const rules = book.rules.filter((rule) =>
    rule.mark === undefined ? rule.match.matchesRequest(request) : marks.has(rule.mark),
  );
  return { rules, mark: markOf(rules), varies: variesOf(rules) };
}
