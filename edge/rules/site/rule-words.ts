import type { RequestActions, ResponseActions } from "./site-rule.ts";

/** What a rule does before there is a response, by the words of the file. */
const requestWords: Readonly<Record<keyof RequestActions, string>> = {
  deny: "deny",
  allow: "allow",
  limit: "limit",
  redirect: "redirect",
  respond: "respond",
  bypass: "bypass",
  cachePost: "cache-post",
  rewrite: "rewrite",
  key: "key",
  cookies: "cookies",
  origin: "origin",
  timeouts: "timeouts",
  slice: "slice",
  compress: "compress",
  dictionary: "dictionary",
  requestHeaders: "request-headers",
};

/** What it does with a response. */
const responseWords: Readonly<Record<keyof ResponseActions, string>> = {
  noStore: "no-store",
  ttl: "ttl",
  ttlIfMissing: "ttl-if-missing",
  negativeTtl: "negative-ttl",
  browserTtl: "browser-ttl",
  staleWhileRevalidate: "stale-while-revalidate",
  staleWhileRevalidateIfMissing: "stale-while-revalidate-if-missing",
  staleIfError: "stale-if-error",
  setCookie: "set-cookie",
  tags: "tags",
  responseHeaders: "response-headers",
};

export const ruleWords = { ...requestWords, ...responseWords };

export type RuleAction = keyof typeof ruleWords;

export const requestActions = namesOf(requestWords);
export const responseActions = namesOf(responseWords);
export const ruleActions: readonly RuleAction[] = [...requestActions, ...responseActions];

/** These keep something from being served or stored: a request must not slip past them by another spelling. */
export const guards = [
  "deny",
  "allow",
  "limit",
  "bypass",
  "noStore",
] as const satisfies readonly RuleAction[];

function namesOf<K extends string>(words: Readonly<Record<K, string>>): readonly K[] {
  return Object.keys(words).filter((name): name is K => name in words);
}
