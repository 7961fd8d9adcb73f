import { listMembers } from "../../http/message/comma-list.ts";
import type { Fields } from "../../http/message/fields.ts";
import type { CachePolicy } from "./cache-policy.ts";
import type { ResponseDirectives, Scope } from "./directives.ts";
import { hasExplicitFreshness } from "./freshness.ts";
import { changedFields } from "./site/field-changes.ts";
import type { ResponsePlan } from "./site/plan-response.ts";

/** The fields of a response as its origin should have sent them, before the edge reads them. `varies`: see MatchedRules. */
export function plannedFields(fields: Fields, { changes }: ResponsePlan, varies: readonly string[]): Fields {
  const changed = changes.reduce(changedFields, fields);
  if (varies.length === 0) return changed;
  const listed = changed.all("Vary").flatMap(listMembers);
  const lower = new Set(listed.map((name) => name.toLowerCase()));
  const missing = varies.filter((name) => !lower.has(name));
  return missing.length === 0 ? changed : changed.with("Vary", [...listed, ...missing].join(", "));
}

/** The policy of a response where rules say how long it is fresh, and how long it may be stale. */
export function plannedPolicy(policy: CachePolicy, fields: Fields, plan: ResponsePlan): CachePolicy {
  const { staleIfError, ttl } = plan;
  const staleWhileRevalidate = staleWhileRevalidateOf(policy, fields, plan);
  const seconds = secondsOf(policy, fields, plan);
  if (seconds === undefined && staleWhileRevalidate === undefined && staleIfError === undefined)
    return policy;
  const { directives } = policy;
  const shared = shareable(directives);
  const free = ttl?.override === true && seconds === ttl.seconds ? withoutRefusals(shared) : shared;
  return {
    ...policy,
    directives: {
      ...free,
      ...(seconds === undefined ? {} : { maxAge: seconds }),
      ...(staleWhileRevalidate === undefined ? {} : { staleWhileRevalidate }),
      ...(staleIfError === undefined ? {} : { staleIfError }),
    },
  };
}

/** The lifetime that a rule gives; undefined when the response keeps its own. */
export function secondsOf(
  policy: CachePolicy,
  fields: Fields,
  { ttl, ttlIfMissing, negativeTtl }: ResponsePlan,
): number | undefined {
  const given = negativeTtl ?? ttl?.seconds;
  return given ?? (hasExplicitFreshness(fields, policy) ? undefined : ttlIfMissing);
}

function staleWhileRevalidateOf(
  policy: CachePolicy,
  fields: Fields,
  { staleWhileRevalidate, staleWhileRevalidateIfMissing }: ResponsePlan,
): number | undefined {
  if (staleWhileRevalidate !== undefined) return staleWhileRevalidate;
  return hasExplicitFreshness(fields, policy) ? undefined : staleWhileRevalidateIfMissing;
}

/** RFC 9111 section 5.2.2.10: s-maxage forbids stale use, and allows sharing. The rule gives the lifetime in its place. */
function shareable(directives: ResponseDirectives): ResponseDirectives {
  const { sMaxage } = directives;
  if (sMaxage === undefined) return directives;
  return { ...directives, maxAge: sMaxage, sMaxage: undefined, public: true };
}

/** `override` says that the origin does not mean what RFC 9111 takes these for. */
function withoutRefusals(directives: ResponseDirectives): ResponseDirectives {
  return {
    ...directives,
    noStore: false,
    mustRevalidate: false,
    proxyRevalidate: false,
    private: named(directives.private),
    noCache: named(directives.noCache),
  };
}

/** The fields that a directive names are still not stored. */
function named(scope: Scope | undefined): Scope | undefined {
  return scope === "all" ? undefined : scope;
}
