import { parseHttpDate } from "../../http/message/date.ts";
import type { Fields } from "../../http/message/fields.ts";
import { type Aged, currentAge, dateOf } from "./age.ts";
import type { CachePolicy, PolicySource } from "./cache-policy.ts";
import { type DeltaSeconds, secondsOrZero } from "./directives.ts";
import type { TimedHead } from "./exchange.ts";
import type { Moment } from "./moment.ts";

/** How long a response is fresh, counted from its origin, and which field says so. */
export interface Lifetime {
  readonly seconds: number;
  /** "s-maxage", "max-age", "Expires", "heuristic", "none", or "CDN-Cache-Control: max-age" and the like. */
  readonly source: string;
}

/** RFC 9110 section 15.1: the statuses that a cache may hold fresh by heuristics. */
const HEURISTICALLY_CACHEABLE: ReadonlySet<number> = new Set([
  200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501,
]);

/** RFC 9111 section 4.2.2: "a typical setting of this fraction might be 10 %" of the time since Last-Modified. */
const HEURISTIC_FRACTION = 0.1;
/** Publishers do not expect a guess longer than a day. */
const LONGEST_HEURISTIC_SECONDS = 86_400;
/** An error without a stated lifetime must go soon after it is repaired. */
const LONGEST_HEURISTIC_ERROR_SECONDS = 60;

/** RFC 9111 section 4.2.1: the first that is present of s-maxage, max-age, Expires, a heuristic. */
export function freshnessLifetime(head: TimedHead, policy: CachePolicy): Lifetime {
  return explicitLifetime(head, policy) ?? heuristicLifetime(head, policy);
}

/** Whole seconds of freshness left; fresh only above zero (RFC 9111 section 4.2). */
export function ttl(stored: Aged & { readonly lifetime: Lifetime }, now: Moment): number {
  return stored.lifetime.seconds - currentAge(stored, now);
}

/** Whether the response itself says how long it is fresh (RFC 9111 section 4.2.1). */
export function hasExplicitFreshness(fields: Fields, { source, directives }: CachePolicy): boolean {
  if (directives.sMaxage !== undefined || directives.maxAge !== undefined) return true;
  return source === "Cache-Control" && fields.has("expires");
}

/** Whether heuristics may find it fresh (RFC 9111 section 4.2.2): by its status, or because it says `public`. */
export function allowsHeuristics(status: number, { directives }: CachePolicy): boolean {
  return HEURISTICALLY_CACHEABLE.has(status) || directives.public;
}

function explicitLifetime(head: TimedHead, { source, directives }: CachePolicy): Lifetime | undefined {
  if (directives.sMaxage !== undefined) return fromDirective(source, "s-maxage", directives.sMaxage);
  if (directives.maxAge !== undefined) return fromDirective(source, "max-age", directives.maxAge);
  const expires = head.fields.all("expires")[0];
  // RFC 9213 section 2.2: beside a targeted field, Expires counts for nothing.
  if (expires === undefined || source !== "Cache-Control") return undefined;
  const expiry = parseHttpDate(expires);
  // RFC 9111 section 5.3: an invalid date, "0" above all, is a time in the past.
  if (expiry === undefined) return { seconds: 0, source: "Expires" };
  return { seconds: Math.floor(Math.max(0, expiry - dateOf(head)) / 1000), source: "Expires" };
}

/** RFC 9111 section 4.2.1: a value that is not a number of seconds makes the response stale. */
function fromDirective(source: PolicySource, name: string, seconds: DeltaSeconds): Lifetime {
  return {
    seconds: secondsOrZero(seconds),
    source: source === "Cache-Control" ? name : `${source}: ${name}`,
  };
}

function heuristicLifetime(head: TimedHead, policy: CachePolicy): Lifetime {
  const modified = parseHttpDate(head.fields.get("last-modified") ?? "");
  if (modified === undefined || !allowsHeuristics(head.status, policy)) return { seconds: 0, source: "none" };
  // A Date in the future must not make the guess longer.
  const unchanged = Math.min(dateOf(head), head.responseTime.wall) - modified;
  const longest = head.status >= 400 ? LONGEST_HEURISTIC_ERROR_SECONDS : LONGEST_HEURISTIC_SECONDS;
  const seconds = Math.floor(Math.max(0, unchanged / 1000) * HEURISTIC_FRACTION);
  return { seconds: Math.min(seconds, longest), source: "heuristic" };
}
