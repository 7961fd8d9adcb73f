import { SLOW_START_MS } from "./slow-start.ts";

/** What failed requests say of one edge whose Pings are answered. Instants are monotonic milliseconds. */
export interface Ejection {
  /** Requests that failed since the last one that did not. */
  readonly failedInARow: number;
  /** How often it was ejected without having been sound for long in between. */
  readonly times: number;
  /** Until then it comes after the others. */
  readonly until: number;
}

export type TrafficEvent =
  | "answered"
  /** No connection, broken off, or no answer in time. */
  | "failed"
  /** What it answers is not HTTP. */
  | "rubbish";

export const SOUND: Ejection = { failedInARow: 0, times: 0, until: Number.NEGATIVE_INFINITY };

// One or two may be connections that it closed in good order just then.
const FAILURES_IN_A_ROW = 3;

const FIRST_MS = 1000;
const LONGEST_MS = 30_000;

// After so long without trouble the next trouble is a new one.
const FORGIVEN_AFTER_MS = 60_000;

/**
 * Puts an edge aside after three failures in a row, or at once for rubbish, each time for twice as long: 1 s to
 * 30 s. Once it may return, the first failure within its slow start suffices.
 */
export function nextEjection(before: Ejection, event: TrafficEvent, now: number): Ejection {
  if (event === "answered") return before.failedInARow === 0 ? before : { ...before, failedInARow: 0 };
  // Requests that were under way there, or that had nowhere else to go.
  if (now < before.until) return before;
  const failedInARow = before.failedInARow + 1;
  const isReturning = now < before.until + SLOW_START_MS;
  if (event === "failed" && !isReturning && failedInARow < FAILURES_IN_A_ROW)
    return { ...before, failedInARow };
  const times = now < before.until + FORGIVEN_AFTER_MS ? before.times + 1 : 1;
  return { failedInARow: 0, times, until: now + Math.min(LONGEST_MS, FIRST_MS * 2 ** (times - 1)) };
}

// At least a third of the edges stays, however bad: ejecting everybody would overload whoever is left.
const MOST_EJECTED = 2 / 3;

/** How many of so many edges may be put aside at a time. */
export function mostEjected(edges: number): number {
  return Math.floor(edges * MOST_EJECTED);
}
