import type { Fields } from "../../http/message/fields.ts";
import { endToEnd } from "../../http/message/hop-by-hop.ts";
import { type CachePolicy, cachePolicy } from "./cache-policy.ts";
import { codingsOf } from "./content-coding.ts";
import { type ResponseDirectives, requestDirectives } from "./directives.ts";
import { briefly, isError } from "./error-status.ts";
import type { CacheRequest, ResponseHead, Selecting } from "./exchange.ts";
import { allowsHeuristics, hasExplicitFreshness } from "./freshness.ts";
import { isForCache } from "./keyed-methods.ts";
import { type SearchVariance, searchVariance } from "./no-vary-search.ts";
import type { NotStored } from "./not-stored.ts";
import { heldPart } from "./partial.ts";
import { isForAll, isPersonal } from "./personal.ts";
import { plannedPolicy } from "./planned-response.ts";
import { NO_PLAN, type ResponsePlan } from "./site/plan-response.ts";
import { SAFE_RULES, type SiteRules } from "./site-rules.ts";
import { tagsOf } from "./tags.ts";
import { sameOriginTarget } from "./uri-reference.ts";
import { selectingFields } from "./vary.ts";

export type Storable =
  | {
      readonly kind: "store";
      /** The fields that may be stored. */
      readonly fields: Fields;
      readonly policy: CachePolicy;
      /** It is an error that is kept for seconds, whatever it says. */
      readonly brief: boolean;
      readonly selecting: Selecting;
      readonly tags: readonly string[];
      readonly variance: SearchVariance | undefined;
    }
  | { readonly kind: "do-not-store"; readonly reason: NotStored };

export interface StoringOptions {
  /** Whether the store keeps parts (206) apart from whole responses. */
  readonly keepsParts: boolean;
  /** Whether the origin has just validated this stored response. Then it answers more than this request. */
  readonly confirmed?: boolean;
  readonly rules?: SiteRules;
  /** What the rules that the site's owner has written say of the response. */
  readonly plan?: ResponsePlan;
}

/** Whether a shared cache may store the response (RFC 9111 section 3). If so, with everything parsed on the way. */
export function storable(
  request: CacheRequest,
  response: ResponseHead,
  options: StoringOptions = { keepsParts: false },
): Storable {
  const { fields } = response;
  const { plan = NO_PLAN } = options;
  const rules = plannedRules(options.rules ?? SAFE_RULES, plan);
  const policy = plannedPolicy(cachePolicy(fields), fields, plan);
  const reason =
    requestReason(request) ??
    statusReason(request, response, policy, options) ??
    directiveReason(request, policy) ??
    reuseReason(request, response, policy) ??
    siteReason(request, response, policy, options, rules);
  if (reason !== undefined) return doNotStore(reason);
  if (plan.noStore === true) return doNotStore("rule");
  const selecting = selectingFields(fields, request);
  if (selecting === "never" || hidesDictionary(fields, selecting)) return doNotStore("vary");
  const tags = tagsOf(fields);
  if (tags.kind === "refused") return doNotStore("tags");
  const brief = rules.errorStatuses === "brief" && isError(response.status);
  const stored = storedFields(fields, policy);
  return {
    kind: "store",
    fields: rules.setCookie === "strip" ? stored.without(["Set-Cookie"]) : stored,
    policy: brief ? briefly(policy) : policy,
    brief,
    selecting,
    tags: plan.tags.length === 0 ? tags.tags : [...new Set([...tags.tags, ...plan.tags])],
    // Found by its own key only: other content at an equivalent target is another question.
    variance: request.content === undefined ? searchVariance(fields) : undefined,
  };
}

/** What a rule says of a response goes before what the site says of all. */
function plannedRules(rules: SiteRules, { setCookie, negativeTtl }: ResponsePlan): SiteRules {
  const own = setCookie === undefined ? rules : { ...rules, setCookie };
  return negativeTtl === undefined ? own : { ...own, errorStatuses: "obey" };
}

/** RFC 9842 section 6.2: without the dictionary it was made with, nobody can read it. */
function hidesDictionary(fields: Fields, selecting: Selecting): boolean {
  if (selecting.has("available-dictionary")) return false;
  return codingsOf(fields).some((coding) => coding === "dcb" || coding === "dcz");
}

function doNotStore(reason: NotStored): Storable {
  return { kind: "do-not-store", reason };
}

/**
 * The fields of a response that may be stored (RFC 9111 section 3.1): not those of the connection, and not those that
 * `private` and `no-cache` name (sections 5.2.2.4 and 5.2.2.7). Surrogate-Control stays, because it may govern;
 * `clientFields` leaves it out.
 */
export function storedFields(fields: Fields, { directives } = cachePolicy(fields)): Fields {
  const scopes = [directives.private, directives.noCache];
  const named = scopes.flatMap((scope) => (scope === undefined || scope === "all" ? [] : [...scope]));
  return endToEnd(fields).without(named);
}

/**
 * The fields of a response that a client gets: those from end to end, without Surrogate-Control, which by its definition
 * (W3C Edge Architecture) is for the surrogate alone.
 */
export function clientFields(fields: Fields): Fields {
  return endToEnd(fields).without(["Surrogate-Control"]);
}

function requestReason(request: CacheRequest): NotStored | undefined {
  if (request.method !== "POST" && !isForCache(request)) return "method";
  if (request.method !== "POST" && request.content === undefined && hasContent(request.fields))
    return "request-content";
  // RFC 9111 section 5.2.1.5.
  return requestDirectives(request.fields).noStore ? "request-no-store" : undefined;
}

/** RFC 9112 section 6: a request has content when a field announces it. */
export function hasContent(fields: Fields): boolean {
  return fields.has("transfer-encoding") || !["0", undefined].includes(fields.get("content-length"));
}

/**
 * Never stored: 304, 412 and 416 answer a precondition or a range that is not in the key. 407 is about a connection.
 * 428, 429, 431 and 511 "MUST NOT be stored by a cache" (RFC 6585).
 */
const NEVER_STORED: ReadonlySet<number> = new Set([304, 407, 412, 416, 428, 429, 431, 511]);

/** RFC 9111 section 5.2.2.3: the statuses whose caching requirements we know (RFC 9110 section 15). */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408,
  409, 410, 411, 413, 414, 415, 417, 421, 422, 426, 451, 500, 501, 502, 503, 504, 505,
]);

function statusReason(
  request: CacheRequest,
  response: ResponseHead,
  { directives }: CachePolicy,
  options: StoringOptions,
): NotStored | undefined {
  const { status } = response;
  // RFC 9111 section 3: a final status code.
  if (status < 200 || status > 599 || NEVER_STORED.has(status)) return "status";
  if (directives.mustUnderstand && !UNDERSTOOD.has(status)) {
    return "must-understand";
  }
  if (status !== 206) return undefined;
  // A 206 to a request without Range is an error of the origin, and not a whole response.
  const asked = request.method === "GET" && request.fields.has("range");
  return options.keepsParts && asked && heldPart(response) !== undefined ? undefined : "partial";
}

function directiveReason(request: CacheRequest, { directives }: CachePolicy): NotStored | undefined {
  // RFC 9111 section 5.2.2.3: a cache that understands the status ignores no-store beside must-understand.
  if (directives.noStore && !directives.mustUnderstand) return "no-store";
  // RFC 9111 section 5.2.2.7: with field names, the other fields may be stored.
  if (directives.private === "all") return "private";
  return request.fields.has("authorization") && !mayBeShared(directives) ? "authorization" : undefined;
}

/** RFC 9111 section 3.5. */
function mayBeShared(directives: ResponseDirectives): boolean {
  return directives.mustRevalidate || directives.public || directives.sMaxage !== undefined;
}

/** RFC 9111 section 3, the last condition: one of these must allow reuse. */
function reuseReason(
  request: CacheRequest,
  response: ResponseHead,
  policy: CachePolicy,
): NotStored | undefined {
  const explicit = hasExplicitFreshness(response.fields, policy);
  if (request.method === "POST") {
    // Where its content is in the key, it answers the same POST and nothing else.
    return explicit && (request.content !== undefined || namesItself(request, response)) ? undefined : "post";
  }
  if (explicit) return undefined;
  if (!allowsHeuristics(response.status, policy)) return "not-cacheable";
  // RFC 9111 section 7.3: Set-Cookie does not forbid storing. We share cookies only where the origin says `public`.
  return response.fields.has("set-cookie") && !policy.directives.public ? "set-cookie" : undefined;
}

/** The reason why the rules of the site forbid storing where RFC 9111 allows it. */
function siteReason(
  request: CacheRequest,
  { status, fields }: ResponseHead,
  policy: CachePolicy,
  { confirmed = false }: StoringOptions,
  rules: SiteRules,
): NotStored | undefined {
  if (rules.errorStatuses === "brief" && isError(status) && !isForAll(policy)) return "error-status";
  if (rules.setCookie === "refuse" && setsCookie(fields, policy)) return "set-cookie";
  return !confirmed && isPersonal(request.fields, fields, policy, rules) ? "cookie" : undefined;
}

/**
 * Whether a cookie would be stored although the origin did not say so for caches like this one: it says so by `public`
 * in a targeted field (RFC 9213), where `public` has no other meaning.
 */
function setsCookie(fields: Fields, policy: CachePolicy): boolean {
  if (!fields.has("Set-Cookie")) return false;
  if (policy.source !== "Cache-Control" && policy.directives.public) return false;
  return storedFields(fields, policy).has("Set-Cookie");
}

/** RFC 9110 section 9.3.3: Content-Location has the same value as the target URI. */
function namesItself(request: CacheRequest, response: ResponseHead): boolean {
  const reference = response.fields.get("content-location");
  if (reference === undefined || response.status < 200 || response.status > 299) return false;
  const authority = request.fields.get("host") ?? "";
  return ["http", "https"].some(
    (scheme) => sameOriginTarget(reference, `${scheme}://${authority}`, request.target) === request.target,
  );
}
