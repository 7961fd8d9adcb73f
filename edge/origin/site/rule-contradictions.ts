import type { SiteRule } from "../../rules/site/site-rule.ts";

interface Contradiction {
  /** Its key in the file; undefined for the whole rule. */
  readonly action: string | undefined;
  readonly message: string;
}

type Action = Exclude<keyof SiteRule, "name" | "match">;

const KEYS: Readonly<Record<Action, string>> = {
  deny: "deny",
  allow: "allow",
  limit: "limit",
  redirect: "redirect",
  respond: "respond",
  bypass: "bypass",
  rewrite: "rewrite",
  key: "key",
  cookies: "cookies",
  requestHeaders: "request-headers",
  noStore: "no-store",
  ttl: "ttl",
  ttlIfMissing: "ttl-if-missing",
  negativeTtl: "negative-ttl",
  browserTtl: "browser-ttl",
  staleWhileRevalidate: "stale-while-revalidate",
  staleIfError: "stale-if-error",
  setCookie: "set-cookie",
  tags: "tags",
  responseHeaders: "response-headers",
};

const ACTIONS = Object.keys(KEYS).filter((key): key is Action => key in KEYS);

/** These answer by themselves, so nothing else of their rule would ever be done. */
const ANSWERS: readonly Action[] = ["redirect", "respond"];
/** These are about what is stored. */
const STORING: readonly Action[] = [
  "ttl",
  "ttlIfMissing",
  "negativeTtl",
  "browserTtl",
  "staleWhileRevalidate",
  "staleIfError",
  "tags",
];
/** These are done before there is a response. */
const BEFORE: readonly Action[] = [
  "deny",
  "allow",
  "limit",
  "redirect",
  "respond",
  "bypass",
  "rewrite",
  "key",
  "cookies",
  "requestHeaders",
];

/** What cannot be meant in one rule. */
export function ruleContradictions(rule: SiteRule): readonly Contradiction[] {
  const has = (action: Action): boolean => rule[action] !== undefined;
  const given = ACTIONS.filter(has);
  if (given.length === 0)
    return [{ action: undefined, message: `must say what to do: one of ${Object.values(KEYS).join(", ")}` }];
  const found: Contradiction[] = [];
  const refuse = (action: Action, why: string): void =>
    void found.push({ action: KEYS[action], message: why });
  const apart = (action: Action, others: readonly Action[], why: string): void => {
    const other = others.find((each) => each !== action && has(each));
    if (has(action) && other !== undefined)
      refuse(action, `must not be together with ${KEYS[other]}: ${why}`);
  };
  for (const answer of ANSWERS) apart(answer, ACTIONS, "the rule answers by itself");
  if (rule.deny === true) apart("deny", ACTIONS, "the rule answers by itself");
  apart("allow", ["deny"], "what is not allowed is denied");
  apart("bypass", [...STORING, "noStore", "key", "cookies"], "what passes the cache by is not stored");
  apart("noStore", STORING, "the response is not stored");
  apart("ttl", ["ttlIfMissing"], "the lifetime is given already");
  if (rule.key?.cookies !== undefined)
    apart("cookies", ["key"], "key.cookies says which ones the origin gets");
  const { status, type } = rule.match;
  const late = BEFORE.find(has);
  if (late !== undefined && (status !== undefined || type !== undefined))
    refuse(
      late,
      "must not be in a rule that matches a status or a type: it is done before there is a response",
    );
  return found;
}
