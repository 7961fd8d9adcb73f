import type { CachePolicy } from "./cache-policy.ts";
import type { DeltaSeconds } from "./directives.ts";

/** An error must go soon after its cause, which may be the request of one client. */
const MOST_SECONDS = 10;

/** These tell about the resource, for every request: it does not exist, is gone, or is forbidden by law. */
const OF_RESOURCE: ReadonlySet<number> = new Set([404, 410, 451]);

/** Whether one request, or a passing condition, may have caused the status. */
export function isError(status: number): boolean {
  return status >= 400 && !OF_RESOURCE.has(status);
}

/** The policy of an error that may be stored: ten seconds at most, and never stale. */
export function briefly({ source, directives }: CachePolicy): CachePolicy {
  const { maxAge, sMaxage } = directives;
  return {
    source,
    directives: { ...directives, maxAge: atMost(maxAge), sMaxage: atMost(sMaxage), mustRevalidate: true },
  };
}

/** Seconds of freshness that an error may have. */
export function briefSeconds(seconds: number): number {
  return Math.min(seconds, MOST_SECONDS);
}

function atMost(seconds: DeltaSeconds | undefined): DeltaSeconds | undefined {
  return typeof seconds === "number" ? briefSeconds(seconds) : seconds;
}
