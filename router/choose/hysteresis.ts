/** A time in milliseconds, and how far chance alone may have moved it. */
export interface Timed {
  readonly expectedMs: number;
  readonly noiseMs: number;
}

/** What is worth leaving an edge for. */
export interface Margins {
  /** Of the time there. */
  readonly betterShare: number;
  readonly betterMs: number;
  /** Of what chance may have made of the times. */
  readonly noiseTimes: number;
}

export const MARGINS: Margins = {
  // Less is nothing that a client would notice, and nothing that will last.
  betterShare: 0.2,
  // What two processes on one busy machine differ by.
  betterMs: 2,
  // The noise of a time says how far hardly any chance goes.
  noiseTimes: 1,
};

// Closer than any measurement is exact.
const TIE_SHARE = 0.05;
const TIE_MS = 0.5;

// An edge about as near can stand in for another one: its clients hardly notice.
const NEAR_TIMES = 2;
const NEAR_MS = 10;

/** Whether it pays to leave `other` for `one`: better by a share, by an amount, and by more than chance. */
export function isClearlyBetter(one: Timed, other: Timed, margins: Margins = MARGINS): boolean {
  const gain = other.expectedMs - one.expectedMs;
  const noiseMs = Math.max(one.noiseMs, other.noiseMs) * margins.noiseTimes;
  const least = Math.max(margins.betterMs, noiseMs);
  return gain > 0 && gain >= other.expectedMs * margins.betterShare && gain >= least;
}

/** Whether nothing can be said of which of two times is the lower one. */
export function isTie(ms: number, otherMs: number): boolean {
  const [less, more] = ms < otherMs ? [ms, otherMs] : [otherMs, ms];
  return more - less <= TIE_MS || more <= less * (1 + TIE_SHARE);
}

/** Whether an edge of `ms` is near enough to stand in for one of `bestMs`. */
export function isAboutAsNear(ms: number, bestMs: number): boolean {
  return ms <= bestMs * NEAR_TIMES + NEAR_MS;
}

/** The time of `now`, or that of before as long as it is not clearly another one. */
export function steadied(beforeMs: number | undefined, now: Timed): number {
  if (beforeMs === undefined) return now.expectedMs;
  const before = { ...now, expectedMs: beforeMs };
  return isClearlyBetter(now, before) || isClearlyBetter(before, now) ? now.expectedMs : beforeMs;
}
