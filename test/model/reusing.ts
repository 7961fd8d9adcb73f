import { cacheControl, controlOf, type Directives, scopeOf, secondsOf } from "./directives.ts";
import { type AgeRange, ageAt, lifetime } from "./freshness.ts";
import { type Lines, linesOf } from "./message.ts";
import { lastOf, type Snapshot } from "./snapshot.ts";

/** The events at the origin while a request waited. */
export interface Circumstances {
  /** An exchange for the request failed: the origin cannot be reached. */
  readonly disconnected: boolean;
  /** An exchange for the request brought 500, 502, 503 or 504, or failed. */
  readonly error: boolean;
  /** A refresh was begun, or was on its way. */
  readonly refreshing: boolean;
  /** The edge cannot know whether a purge has come (its lease has run out). */
  readonly lapsed: boolean;
}

/** What a soft purge covers is stale from then on, and may be used as the response itself allows. */
export interface Softened {
  /** When the first such purge was applied. */
  readonly at: number;
  /** When the answer was given: an error of the origin was known then, not when the request came. */
  readonly answeredAt: number;
}

/** In seconds, and the longest freshness lifetime it may be given. */
export function ageOf(snapshot: Snapshot, now: number): AgeRange & { readonly lifetime: number } {
  const { requestTime, outcome } = lastOf(snapshot);
  const received = { fields: snapshot.fields, requestTime, responseTime: outcome.responseTime };
  // What the last message does not say of its age, it does not have; an earlier message's Age may be counted still.
  const [own] = linesOf(outcome.fields, "Age");
  const without = received.fields.filter(([name]) => name.toLowerCase() !== "age");
  const fields: Lines = own === undefined ? without : [...without, ["Age", own]];
  const earlier = snapshot.made.flatMap((made) => linesOf(made.outcome.fields, "Age"));
  const { least, most } = ageAt(now, { ...received, fields }, earlier);
  return { least, most, lifetime: lifetime(snapshot.status, received) };
}

/** RFC 9111 section 4.2: the rule that forbids using it at `now` without asking, in words; undefined when none does. */
export function whyNotReused(
  snapshot: Snapshot,
  asking: Lines,
  now: number,
  circumstances: Circumstances,
): string | undefined {
  const { directives } = controlOf(snapshot.fields);
  const { least, lifetime: granted } = ageOf(snapshot, now);
  // RFC 9111 section 5.2.2.4.
  if (scopeOf(directives, "no-cache") === "all") return "no-cache";
  // Ages are whole seconds, so a response is as old as the second that it has completed.
  const stale = Math.floor(least) - granted;
  if (circumstances.lapsed) {
    return circumstances.error && within(directives, "stale-if-error", stale)
      ? undefined
      : "the lease has run out";
  }
  const unwanted = whyNotWanted(asking, least, granted);
  if (stale < 0 && unwanted === undefined) return undefined;
  if (stale >= 0) {
    // RFC 9111 section 4.2.4; s-maxage includes proxy-revalidate (section 5.2.2.10).
    for (const name of ["must-revalidate", "proxy-revalidate", "s-maxage"]) {
      if (directives.has(name)) return `stale by ${stale} s, and ${name}`;
    }
  }
  if (circumstances.disconnected) return undefined;
  // RFC 5861 section 4.
  if (circumstances.error && within(directives, "stale-if-error", stale)) return undefined;
  if (unwanted !== undefined) return unwanted;
  // RFC 9111 section 5.2.1.2.
  const request = cacheControl(asking);
  if (request.has("max-stale")) {
    const [most] = request.get("max-stale") ?? [];
    if (most === undefined || stale <= Number(most)) return undefined;
  }
  // RFC 5861 section 3; RFC 9111 section 5.2.1.1: a client that names an age does not want what is stale.
  if (
    circumstances.refreshing &&
    !request.has("max-age") &&
    within(directives, "stale-while-revalidate", stale)
  )
    return undefined;
  return `stale by ${stale} s`;
}

/** The same of what a soft purge covers. The client's own tolerance counts for nothing. */
export function whyNotReusedSoftly(
  snapshot: Snapshot,
  asking: Lines,
  now: number,
  circumstances: Circumstances,
  softened: Softened,
): string | undefined {
  const { directives } = controlOf(snapshot.fields);
  const { least, lifetime: granted } = ageOf(snapshot, now);
  const why = "softly purged";
  if (circumstances.lapsed) return `${why}, and the lease has run out`;
  if (scopeOf(directives, "no-cache") === "all") return `${why}, and no-cache`;
  for (const name of ["must-revalidate", "proxy-revalidate", "s-maxage"]) {
    if (directives.has(name)) return `${why}, and ${name}`;
  }
  const staleAt = (at: number): number => Math.max(Math.floor(least) - granted, (at - softened.at) / 1000);
  const failed = circumstances.disconnected || circumstances.error;
  if (failed && within(directives, "stale-if-error", staleAt(softened.answeredAt))) return undefined;
  const unwanted = whyNotWanted(asking, least, granted);
  if (unwanted !== undefined) return `${why}, and ${unwanted}`;
  const stale = staleAt(now);
  const refreshed = circumstances.refreshing && within(directives, "stale-while-revalidate", stale);
  return refreshed && !cacheControl(asking).has("max-age") ? undefined : `${why}, stale by ${stale} s`;
}

function within(directives: Directives, name: string, stale: number): boolean {
  const seconds = secondsOf(directives, name);
  return seconds !== undefined && stale <= seconds;
}

/** RFC 9111 section 5.2.1: what the client does not want, as far as freshness has nothing to do with it. */
function whyNotWanted(asking: Lines, age: number, granted: number): string | undefined {
  const request = cacheControl(asking);
  const pragma =
    linesOf(asking, "Cache-Control").length === 0 && linesOf(asking, "Pragma").includes("no-cache");
  if (request.has("no-cache") || pragma) return "no-cache in the request";
  const maxAge = secondsOf(request, "max-age");
  if (maxAge !== undefined && Math.floor(age) > maxAge) return `max-age=${maxAge} in the request`;
  const minFresh = secondsOf(request, "min-fresh");
  if (minFresh !== undefined && granted < Math.floor(age) + minFresh)
    return `min-fresh=${minFresh} in the request`;
  return undefined;
}
