/** A time in milliseconds, and its noise: how far chance alone may have moved it. */
export interface Timed {
  readonly expectedMs: number;
  readonly noiseMs: number;
}

/** The gain that makes it worth leaving an edge. */
export interface Margins {
  /** As a share of the time at that edge. */
  readonly betterShare: number;
  readonly betterMs: number;
  /** As a multiple of the noise of both times. */
  readonly noiseTimes: number;
}

export const MARGINS: Margins = {
  // Clients would not notice less, and less would not last.
  betterShare: 0.2,
  // The difference between two processes on one busy machine.
  betterMs: 2,
  // The noise already covers nearly all chance.
  noiseTimes: 1,
};

// No measurement is more exact.
const TIE_SHARE = 0.05;
const TIE_MS = 0.5;

// Clients hardly notice when an edge that is about as near stands in for another one.
const NEAR_TIMES = 2;
const NEAR_MS = 10;

/** Whether it pays to leave `other` for `one`: it must be better by a share, by an amount, and by more than noise. */
export function isClearlyBetter(one: Timed, other: Timed, margins: Margins = MARGINS): boolean {
  const gain = other.expectedMs - one.expectedMs;
  const noiseMs = Math.max(one.noiseMs, other.noiseMs) * margins.noiseTimes;
  const least = Math.max(margins.betterMs, noiseMs);
  return gain > 0 && gain >= other.expectedMs * margins.betterShare && gain >= least;
}

/** Whether two times are too close to tell which one is lower. */
export function isTie(ms: number, otherMs: number): boolean {
  const [less, more] = ms < otherMs ? [ms, otherMs] : [otherMs, ms];
  return more - less <= TIE_MS || more <= less * (1 + TIE_SHARE);
}

/** Whether an edge at `ms` is near enough to stand in for one at `bestMs`. */
export function isAboutAsNear(ms: number, bestMs: number): boolean {
  return ms <= bestMs * NEAR_TIMES + NEAR_MS;
}

/** The time `now`, or the previous one while the difference is not clear. */
export function steadied(beforeMs: number | undefined, now: Timed): number {
  if (beforeMs === undefined) return now.expectedMs;
  const before = { ...now, expectedMs: beforeMs };
  return isClearlyBetter(now, before) || isClearlyBetter(before, now) ? now.expectedMs : beforeMs;
}
