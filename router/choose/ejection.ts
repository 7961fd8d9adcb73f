import { SLOW_START_MS } from "./slow-start.ts";

/** What requests say of an edge that answers its Pings. Instants are monotonic milliseconds. */
export interface Ejection {
  /** Requests that failed since the last success. */
  readonly failedInARow: number;
  /** Ejections in a row, without a long time of success in between. */
  readonly times: number;
  /** Until then it is tried after the other edges. */
  readonly until: number;
}

export type TrafficEvent =
  | "answered"
  /** No connection, broken off, or no answer in time. */
  | "failed"
  /** Its answer is not HTTP. */
  | "rubbish";

export const SOUND: Ejection = { failedInARow: 0, times: 0, until: Number.NEGATIVE_INFINITY };

// One or two failures may be idle connections that the edge was just closing.
const FAILURES_IN_A_ROW = 3;

const FIRST_MS = 1000;
const LONGEST_MS = 30_000;

// After this time without trouble, the durations start again at the first.
const FORGIVEN_AFTER_MS = 60_000;

/**
 * Ejects an edge after three failures in a row, or at once for rubbish. Each ejection lasts twice as long as the one
 * before, 1 s to 30 s. During the slow start after an ejection, one failure is enough.
 */
export function nextEjection(before: Ejection, event: TrafficEvent, now: number): Ejection {
  if (event === "answered") return before.failedInARow === 0 ? before : { ...before, failedInARow: 0 };
  // These requests were in flight there, or had no other edge left.
  if (now < before.until) return before;
  const failedInARow = before.failedInARow + 1;
  const isReturning = now < before.until + SLOW_START_MS;
  if (event === "failed" && !isReturning && failedInARow < FAILURES_IN_A_ROW)
    return { ...before, failedInARow };
  const times = now < before.until + FORGIVEN_AFTER_MS ? before.times + 1 : 1;
  return { failedInARow: 0, times, until: now + Math.min(LONGEST_MS, FIRST_MS * 2 ** (times - 1)) };
}

// At least a third of the edges stays, however bad: the few that are left would be overloaded.
const MOST_EJECTED = 2 / 3;

/** How many of `edges` may be ejected at a time. */
export function mostEjected(edges: number): number {
  return Math.floor(edges * MOST_EJECTED);
}
