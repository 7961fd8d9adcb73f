import {
  guards,
  type RuleAction,
  requestActions,
  ruleActions,
  ruleWords,
} from "../../rules/site/rule-words.ts";
import type { SiteRule } from "../../rules/site/site-rule.ts";

interface Contradiction {
  /** Its key in the file; undefined for the whole rule. */
  readonly action: string | undefined;
  /** What stands there. */
  readonly value: unknown;
  readonly message: string;
}

/** These answer by themselves, so nothing else of their rule would ever be done. */
const ANSWERS: readonly RuleAction[] = ["redirect", "respond"];
/** These are about what is stored. */
const STORING: readonly RuleAction[] = [
  "ttl",
  "ttlIfMissing",
  "negativeTtl",
  "browserTtl",
  "staleWhileRevalidate",
  "staleWhileRevalidateIfMissing",
  "staleIfError",
  "tags",
  "compress",
  "dictionary",
  "slice",
];

/** What cannot be meant in one rule. */
export function ruleContradictions(rule: SiteRule): readonly Contradiction[] {
  const has = (action: RuleAction): boolean => rule[action] !== undefined;
  const given = ruleActions.filter(has);
  if (given.length === 0)
    return [
      {
        action: undefined,
        value: rule,
        message: `must say what to do: one of ${Object.values(ruleWords).join(", ")}`,
      },
    ];
  const found: Contradiction[] = [];
  const refuse = (action: RuleAction, why: string): void =>
    void found.push({ action: ruleWords[action], value: rule[action], message: why });
  const apart = (action: RuleAction, others: readonly RuleAction[], why: string): void => {
    const other = others.find((each) => each !== action && has(each));
    if (has(action) && other !== undefined)
      refuse(action, `must not be together with ${ruleWords[other]}: ${why}`);
  };
  for (const answer of ANSWERS) apart(answer, ruleActions, "the rule answers by itself");
  if (rule.deny === true) apart("deny", ruleActions, "the rule answers by itself");
  apart("allow", ["deny"], "what is not allowed is denied");
  if (rule.bypass === true)
    apart(
      "bypass",
      [...STORING, "noStore", "key", "cookies", "cachePost"],
      "what passes the cache by is not stored",
    );
  if (rule.noStore === true) apart("noStore", [...STORING, "cachePost"], "the response is not stored");
  const isLifted = (action: RuleAction): boolean => rule[action] === false;
  for (const lifted of guards.filter(isLifted))
    apart(
      lifted,
      guards.filter((guard) => !isLifted(guard)),
      "false holds where every reading of the path matches, a guard where any does",
    );
  if (rule.compress === false) apart("dictionary", ["compress"], "what is not compressed needs none");
  apart("ttl", ["ttlIfMissing", "staleWhileRevalidateIfMissing"], "the lifetime is given already");
  if (rule.key?.cookies !== undefined)
    apart("cookies", ["key"], "key.cookies says which ones the origin gets");
  const { status, type, method } = rule.match;
  const isLate = status !== undefined || type !== undefined;
  if (rule.cachePost === true && method !== undefined && !method.includes("POST"))
    refuse("cachePost", "must not be in a rule that matches no POST");
  const late = requestActions.find(
    (action) => has(action) && !(action === "compress" && rule.compress === false),
  );
  if (late === "compress" && isLate)
    refuse(
      late,
      "must be false in a rule that matches a status or a type: the codings are chosen before there is a response",
    );
  else if (late !== undefined && isLate)
    refuse(
      late,
      "must not be in a rule that matches a status or a type: it is done before there is a response",
    );
  return found;
}
