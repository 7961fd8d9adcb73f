import type { RuleAnswer } from "./site/plan-request.ts";

// Each word stands in Cache-Status, in explain and in the logs. docs/caching.md repeats the sentence beside it.

/** Why a request goes to the origin as it is. */
export const bypassDetails = {
  content: "The request has content.",
  "if-match": "The request has `If-Match`, which only the origin can evaluate.",
  "if-unmodified-since": "The request has `If-Unmodified-Since`, which only the origin can evaluate.",
  "no-store": "The request says `no-store`.",
} as const;

export type BypassDetail = keyof typeof bypassDetails;

/** Why a request passes the cache by before it is judged. All but the last are about content that would be in the key. */
export const passedDetails = {
  "content-too-large": "Its content has more than 64 KiB, so it is not in the key.",
  "content-range": "Its content is a part of something (`Content-Range`).",
  incremental: "It says `Incremental: ?1`, so its content is passed on as it comes.",
  "memory-short": "The memory for fills is used up, so its content is not held.",
  "rule-bypass": "A rule of the site says `bypass`.",
} as const;

/** What became of a request for a tunnel. */
export const tunnelDetails = {
  tunnel: "The origin has agreed to another protocol: see tunnels.",
  "upgrade-declined": "The request asked for a tunnel, and the origin answered otherwise.",
} as const;

/** A rule of the site answers by itself. */
export const ruleDetails = {
  "rule-deny": "A rule of the site denies the client (403), or allows others only.",
  "rule-limit": "A rule of the site limits how often the client may ask, or the key be asked for (429).",
  "rule-redirect": "A rule of the site answers with another place.",
  "rule-respond": "A rule of the site has the answer.",
} as const satisfies Readonly<Record<`rule-${RuleAnswer["kind"]}`, string>> &
  Readonly<Record<string, string>>;

export type PassedDetail = keyof typeof passedDetails;

/** The rule that allows the use of a stale response. */
export const staleDetails = {
  "stale-while-revalidate": "The response allows it while a new one is fetched.",
  "max-stale": "The request accepts it.",
} as const;

export type StaleDetail = keyof typeof staleDetails;

/** The reason why a stored response must be validated. */
export const validationDetails = {
  purged: "A purge covers it, or may cover it.",
  "soft-purged": "A soft purge covers it, and the response allows no stale use.",
  lapsed: "The edge has lost its lease, so that it may have missed a purge.",
  "no-cache": "The response or the request says `no-cache`.",
  "max-age": "It is older than the `max-age` of the request.",
  "min-fresh": "It is not fresh for as long as the `min-fresh` of the request.",
  "past-freshness": "Its freshness is over, and nothing allows stale use.",
} as const;

export type ValidationDetail = keyof typeof validationDetails;
