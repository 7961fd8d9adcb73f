import { currentAge } from "./age.ts";
import { isReadableTo } from "./content-coding.ts";
import {
  type RequestDirectives,
  type ResponseDirectives,
  requestDirectives,
  secondsOrZero,
} from "./directives.ts";
import type { CacheRequest } from "./exchange.ts";
import { ttl } from "./freshness.ts";
import { isForCache } from "./keyed-methods.ts";
import type { Moment } from "./moment.ts";
import { answersWholly } from "./partial.ts";
import type { PurgeStanding, SoftPurged } from "./purge-standing.ts";
import { hasContent } from "./storable.ts";
import type { StoredHead } from "./stored-head.ts";
import { selects } from "./vary.ts";
import type { BypassDetail, StaleDetail, ValidationDetail } from "./verdict-detail.ts";

/** Decides how the stored `variants` of a key may answer `request` (RFC 9111 section 4). */
export function judge<S extends StoredHead>(
  request: CacheRequest,
  variants: readonly S[],
  standing: (stored: S) => PurgeStanding,
  now: Moment,
): Verdict<S> {
  if (!isForCache(request)) {
    return { kind: "bypass", why: "method", detail: request.method };
  }
  const wishes = requestDirectives(request.fields);
  const passed = passedOn(request, wishes);
  if (passed !== undefined) {
    return wishes.onlyIfCached
      ? { kind: "only-if-cached-unmet" }
      : { kind: "bypass", why: "request", detail: passed };
  }
  const verdict = judgeStored(request, wishes, variants, standing, now);
  const asksOrigin = verdict.kind === "must-validate" || verdict.kind === "absent";
  return wishes.onlyIfCached && asksOrigin ? { kind: "only-if-cached-unmet" } : verdict;
}

/** The decision for a request. `ttl` is in whole seconds, zero or less once the response is stale. */
export type Verdict<S extends StoredHead> =
  /** The request goes to the origin as it is; the cache is not asked. */
  | { readonly kind: "bypass"; readonly why: "method"; readonly detail: string }
  | { readonly kind: "bypass"; readonly why: "request"; readonly detail: BypassDetail }
  | { readonly kind: "fresh"; readonly stored: S; readonly ttl: number }
  /** Stale, and allowed to be used; `refresh`: fetch a new one in the background. */
  | {
      readonly kind: "stale-usable";
      readonly stored: S;
      readonly standing: PurgeStanding;
      readonly ttl: number;
      readonly detail: StaleDetail;
      readonly refresh: boolean;
    }
  /** Usable once the origin has confirmed it. `why` is the reason to go forward that RFC 9211 names. */
  | {
      readonly kind: "must-validate";
      readonly stored: S;
      readonly standing: PurgeStanding;
      readonly ttl: number;
      readonly why: "stale" | "request";
      readonly detail: ValidationDetail;
    }
  /** The store has no response for this URI, none for these request fields, or only a part of the bytes requested. */
  | { readonly kind: "absent"; readonly why: "uri-miss" | "vary-miss" | "partial" }
  /** RFC 9111 section 5.2.1.7: 504. */
  | { readonly kind: "only-if-cached-unmet" };

/** A directive of the request that a stored response does not meet. */
type ClientDemand = Extract<ValidationDetail, "no-cache" | "max-age" | "min-fresh">;

/** Why a request must go to the origin as it is; undefined when it need not. */
function passedOn(request: CacheRequest, wishes: RequestDirectives): BypassDetail | undefined {
  if (request.content === undefined && hasContent(request.fields)) return "content";
  // RFC 9111 section 4.3.2: preconditions that only an origin evaluates.
  if (request.fields.has("if-match")) return "if-match";
  if (request.fields.has("if-unmodified-since")) return "if-unmodified-since";
  // A client that wants nothing stored (RFC 9111 section 5.2.1.5) wants nothing from the store, unless it says so.
  return wishes.noStore && !wishes.onlyIfCached ? "no-store" : undefined;
}

function judgeStored<S extends StoredHead>(
  request: CacheRequest,
  wishes: RequestDirectives,
  variants: readonly S[],
  standing: (stored: S) => PurgeStanding,
  now: Moment,
): Verdict<S> {
  // RFC 9111 section 4: a method that allows it. A HEAD response has no content to answer a GET with.
  const usable = variants.filter((stored) => request.method === "HEAD" || stored.method !== "HEAD");
  if (usable.length === 0) return { kind: "absent", why: "uri-miss" };
  const selected = usable.filter((stored) => isFor(stored, request));
  if (selected.length === 0) return { kind: "absent", why: "vary-miss" };
  const stored = mostRecent(selected.filter((candidate) => answersWholly(candidate, request)));
  if (stored === undefined) return { kind: "absent", why: "partial" };
  return judgeSelected(stored, standing(stored), wishes, now);
}

/** Whether the request selects the response and accepts its content codings, which Vary may not name. */
function isFor(stored: StoredHead, request: CacheRequest): boolean {
  return selects(stored.selecting, request) && isReadableTo(request, stored);
}

/** RFC 9111 section 4.1: of several that match, the most recent by its Date; of equals, the one stored last. */
function mostRecent<S extends StoredHead>(candidates: readonly S[]): S | undefined {
  let best: S | undefined;
  for (const candidate of candidates) {
    if (best === undefined || !isNewer(best, candidate)) best = candidate;
  }
  return best;
}

function isNewer(a: StoredHead, b: StoredHead): boolean {
  return a.date === b.date ? a.responseTime.monotonic > b.responseTime.monotonic : a.date > b.date;
}

function judgeSelected<S extends StoredHead>(
  stored: S,
  standing: PurgeStanding,
  wishes: RequestDirectives,
  now: Moment,
): Verdict<S> {
  const { directives } = stored.policy;
  const left = ttlLeft(stored, standing, now);
  const validate = (why: "stale" | "request", detail: ValidationDetail): Verdict<S> => {
    return { kind: "must-validate", stored, standing, ttl: left, why, detail };
  };
  if (standing.kind === "soft-purged")
    return judgeSoftPurged(stored, standing, wishes, now) ?? validate("stale", standing.kind);
  if (standing.kind !== "trusted") return validate("stale", standing.kind);
  // RFC 9111 section 5.2.2.4.
  if (directives.noCache === "all") return validate("stale", "no-cache");
  const refused = refusedByClient(wishes, currentAge(stored, now), left);
  if (refused !== undefined) return validate("request", refused);
  // RFC 9111 section 4.2: fresh while its lifetime is greater than its age.
  if (left > 0) return { kind: "fresh", stored, ttl: left };
  return judgeStale(stored, standing, left, directives, wishes) ?? validate("stale", "past-freshness");
}

/** Seconds since it became stale, by age or by a soft purge; below zero while it is fresh. */
function staleness(stored: StoredHead, standing: PurgeStanding, now: Moment): number {
  const byAge = -ttl(stored, now);
  return standing.kind === "soft-purged" ? Math.max(byAge, standing.seconds) : byAge;
}

/** Whole seconds of freshness left, soft purges considered; zero or less once it is stale. */
export function ttlLeft(stored: StoredHead, standing: PurgeStanding, now: Moment): number {
  return 0 - Math.floor(staleness(stored, standing, now));
}

/**
 * The verdict that uses a softly purged response without validation; undefined when that is forbidden. Only the
 * directives of the response count: a client that accepts stale responses does not know of the purge.
 */
function judgeSoftPurged<S extends StoredHead>(
  stored: S,
  standing: SoftPurged,
  wishes: RequestDirectives,
  now: Moment,
): Verdict<S> | undefined {
  const { directives } = stored.policy;
  if (forbidsStale(directives)) return undefined;
  const stale = staleness(stored, standing, now);
  if (refusedByClient(wishes, currentAge(stored, now), -stale) !== undefined) return undefined;
  return whileRevalidated(stored, standing, stale, directives, wishes);
}

/**
 * The request directive that a stored response does not meet (RFC 9111 section 5.2.1). No response meets a directive
 * that cannot be read. RFC 8246 section 2: a client that asks for validation overrides `immutable`.
 */
function refusedByClient(wishes: RequestDirectives, age: number, left: number): ClientDemand | undefined {
  if (wishes.noCache) return "no-cache";
  if (wishes.maxAge !== undefined && (wishes.maxAge === "invalid" || age > wishes.maxAge)) return "max-age";
  if (wishes.minFresh !== undefined && (wishes.minFresh === "invalid" || left < wishes.minFresh)) {
    return "min-fresh";
  }
  return undefined;
}

/** The verdict that uses a stale response without validation (RFC 9111 section 4.2.4); undefined: it is forbidden. */
function judgeStale<S extends StoredHead>(
  stored: S,
  standing: PurgeStanding,
  left: number,
  directives: ResponseDirectives,
  wishes: RequestDirectives,
): Verdict<S> | undefined {
  if (forbidsStale(directives)) return undefined;
  const refreshed = whileRevalidated(stored, standing, -left, directives, wishes);
  if (refreshed !== undefined) return refreshed;
  if (!toleratesStale(wishes, left)) return undefined;
  const refresh = isRefreshable(directives, -left);
  return { kind: "stale-usable", stored, standing, ttl: left, detail: "max-stale", refresh };
}

/** RFC 5861 section 3. */
function whileRevalidated<S extends StoredHead>(
  stored: S,
  standing: PurgeStanding,
  stale: number,
  directives: ResponseDirectives,
  wishes: RequestDirectives,
): Verdict<S> | undefined {
  // RFC 9111 section 5.2.1.1: with max-age and without max-stale, the client wants no stale response.
  if (!isRefreshable(directives, stale) || wishes.maxAge !== undefined) return undefined;
  const ttl = 0 - Math.floor(stale);
  return { kind: "stale-usable", stored, standing, ttl, detail: "stale-while-revalidate", refresh: true };
}

function isRefreshable({ staleWhileRevalidate }: ResponseDirectives, stale: number): boolean {
  return stale < secondsOrZero(staleWhileRevalidate);
}

/** RFC 9111 section 5.2.1.2. */
function toleratesStale({ maxStale }: RequestDirectives, left: number): boolean {
  return maxStale === "any" || (typeof maxStale === "number" && -left <= maxStale);
}

/** RFC 9111 section 4.2.4, and section 5.2.2.10: in a shared cache s-maxage implies proxy-revalidate. */
function forbidsStale(directives: ResponseDirectives): boolean {
  return (
    directives.noCache === "all" ||
    directives.mustRevalidate ||
    directives.proxyRevalidate ||
    directives.sMaxage !== undefined
  );
}

/** How the origin failed: it gave no answer, or a 5xx. */
export type OriginError = "unreachable" | "server-error";

/** How long past its freshness a response may stand in for an unreachable origin, where no directive says. */
const DISCONNECTED_SECONDS = 86_400;

/**
 * Whether a stored response may be used although it had to be validated, because the origin failed. RFC 5861
 * section 4: within stale-if-error, whatever else is said about freshness. RFC 9111 section 4.2.4: also when
 * the cache is disconnected from the origin. Never when it is purged, or where staleness is forbidden; when it is
 * softly purged, within its own stale-if-error only.
 */
export function mayServeOnError(
  stored: StoredHead,
  standing: PurgeStanding,
  now: Moment,
  request: CacheRequest,
  error: OriginError = "unreachable",
): boolean {
  const { directives } = stored.policy;
  const wishes = requestDirectives(request.fields);
  // Rule E7: without its lease an edge does not know what has been purged.
  if (standing.kind === "lapsed" && !standing.servesStale) return false;
  if (standing.kind === "purged" || directives.noCache === "all" || wishes.noCache) return false;
  const left = 0 - staleness(stored, standing, now);
  if (left <= 0 && forbidsStale(directives)) return false;
  const stale = Math.max(0, -left);
  if (directives.staleIfError !== undefined && stale <= secondsOrZero(directives.staleIfError)) return true;
  // The client does not know of a soft purge, nor of purges that this edge has not heard of: only the response's own
  // word counts.
  if (standing.kind !== "trusted") return false;
  if (wishes.staleIfError !== undefined && stale <= secondsOrZero(wishes.staleIfError)) return true;
  if (toleratesStale(wishes, left)) return true;
  if (error !== "unreachable") return false;
  // RFC 9111 section 5.2.1.1: with max-age and without max-stale, the client wants no stale response.
  const wantsFresh = wishes.maxAge !== undefined || wishes.minFresh !== undefined;
  return left > 0 || (!wantsFresh && stale <= DISCONNECTED_SECONDS);
}
