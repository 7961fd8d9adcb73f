import { z } from "zod";
import { fileMap, fileValue } from "../../../process/settings/file-values.ts";
import { choice } from "../../../process/settings/values.ts";
import { NO_RULES, RuleBook } from "../../rules/site/rule-book.ts";
import type { SiteRule } from "../../rules/site/site-rule.ts";
import { networkTest } from "./network-test.ts";
import {
  allow,
  compress,
  cookies,
  deny,
  key,
  limit,
  redirect,
  requestHeaders,
  respond,
  rewrite,
  timeouts,
} from "./request-values.ts";
import { ruleContradictions } from "./rule-contradictions.ts";
import {
  changeableField,
  fieldText,
  hostPattern,
  methodName,
  namedValues,
  oneOrMore,
  pathPattern,
  ruleName,
  seconds,
  statusPattern,
  tag,
  typePattern,
  yes,
  yesOrNo,
} from "./rule-values.ts";
import { sliceSize } from "./slice-size.ts";
import { unreachableRules } from "./unreachable-rules.ts";

// Each is asked for each request. Two hundred take some microseconds.
const MOST_RULES = 200;
// A response has at most 100 tags (edge/rules/tags.ts). Some are its own.
const MOST_TAGS = 20;

const match = fileMap(
  {
    path: oneOrMore(pathPattern).optional(),
    host: oneOrMore(hostPattern).optional(),
    method: oneOrMore(methodName).optional(),
    query: namedValues.optional(),
    header: namedValues.optional(),
    cookie: namedValues.optional(),
    status: oneOrMore(statusPattern).optional(),
    type: oneOrMore(typePattern).optional(),
  },
  "must be a map of path, host, method, query, header, cookie, status and type",
);

const ttl = z.union(
  [
    seconds.transform((given) => ({ seconds: given, override: false })),
    z
      .strictObject({ override: seconds })
      .transform(({ override }) => ({ seconds: override, override: true })),
  ],
  { error: "must be a duration of whole seconds from 0 to 365d, such as 10m, or {override: 10m}" },
);

const fieldLines = z.record(changeableField, fieldText, {
  error: "must be a map of fields and their values",
});

const fieldChanges = fileMap(
  { set: fieldLines.optional(), add: fieldLines.optional(), remove: oneOrMore(changeableField).optional() },
  "must be a map of set, add and remove",
);

// RFC 6585: these must not be stored, and 412 and 416 answer what is not in the key.
const NEGATIVE = /^(?:4(?:\d\d|xx)|5(?:\d\d|xx))$/;
const NEVER_STORED = new Set(["407", "412", "416", "428", "429", "431", "511"]);

const negativeTtl = z.record(
  z
    .string()
    .toLowerCase()
    .refine((status) => NEGATIVE.test(status) && !NEVER_STORED.has(status), {
      error: "must be a status from 400 to 599, or 4xx or 5xx, and none that is never stored, such as 429",
    }),
  seconds,
  { error: "must be a map of statuses and durations, such as {404: 1m, 5xx: 5s}" },
);

const rule = fileMap(
  {
    name: ruleName.optional(),
    match: match.default({}),
    deny: deny.optional(),
    allow: allow.optional(),
    limit: limit.optional(),
    redirect: redirect.optional(),
    respond: respond.optional(),
    bypass: yesOrNo.optional(),
    "cache-post": yes.optional(),
    rewrite: rewrite.optional(),
    key: key.optional(),
    cookies: cookies.optional(),
    origin: ruleName.optional(),
    timeouts: timeouts.optional(),
    slice: fileValue(sliceSize).optional(),
    compress: compress.optional(),
    dictionary: z.literal("previous", { error: "must be previous, or left out" }).optional(),
    "request-headers": requestHeaders.optional(),
    "no-store": yesOrNo.optional(),
    ttl: ttl.optional(),
    "ttl-if-missing": seconds.optional(),
    "negative-ttl": negativeTtl.optional(),
    "browser-ttl": seconds.optional(),
    "stale-while-revalidate": seconds.optional(),
    "stale-while-revalidate-if-missing": seconds.optional(),
    "stale-if-error": seconds.optional(),
    "set-cookie": fileValue(choice("refuse", "strip", "obey")).optional(),
    tags: oneOrMore(tag)
      .refine((tags) => tags.length <= MOST_TAGS, { error: `must have at most ${MOST_TAGS} tags` })
      .optional(),
    "response-headers": fieldChanges.optional(),
  },
  "must be a map of match and what to do",
)
  .transform(
    (given): SiteRule => ({
      name: given.name,
      match: given.match,
      deny: given.deny,
      allow: given.allow,
      limit: given.limit,
      redirect: given.redirect,
      respond: given.respond,
      bypass: given.bypass,
      cachePost: given["cache-post"],
      rewrite: given.rewrite,
      key: given.key,
      cookies: given.cookies,
      origin: given.origin,
      timeouts: given.timeouts,
      slice: given.slice,
      compress: given.compress,
      dictionary: given.dictionary,
      requestHeaders: given["request-headers"],
      noStore: given["no-store"],
      ttl: given.ttl,
      ttlIfMissing: given["ttl-if-missing"],
      negativeTtl: given["negative-ttl"],
      browserTtl: given["browser-ttl"],
      staleWhileRevalidate: given["stale-while-revalidate"],
      staleWhileRevalidateIfMissing: given["stale-while-revalidate-if-missing"],
      staleIfError: given["stale-if-error"],
      setCookie: given["set-cookie"],
      tags: given.tags,
      responseHeaders: given["response-headers"],
    }),
  )
  .check(({ value, issues }) => {
    for (const { action, value: input, message } of ruleContradictions(value))
      issues.push({
        code: "custom",
        message,
        input,
        path: action === undefined ? [] : [action],
      });
  });

/** The `rules:` of a site. */
export const siteRulesList: z.ZodType<readonly SiteRule[]> = z
  .array(rule, { error: "must be a list of rules" })
  .max(MOST_RULES, { error: `must have at most ${MOST_RULES} rules` })
  .check(({ value, issues }) => {
    for (const { at, message } of unreachableRules(value))
      issues.push({ code: "custom", message, input: value[at]?.match, path: [at] });
  });

/** The rules, ready for use. */
export function ruleBook(written: readonly SiteRule[]): RuleBook {
  return written.length === 0 ? NO_RULES : new RuleBook(written, networkTest);
}
