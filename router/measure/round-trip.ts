/** Round-trip time to one edge in milliseconds, from its Pings. */
export interface RoundTrip {
  readonly smoothedMs: number;
  /** Mean deviation of the samples from the smoothed value. */
  readonly variationMs: number;
  /** The latest samples in a row that are out of the expected range on the same side. */
  readonly outliers: readonly number[];
  /** The number of samples that confirmed a new path just now; else 0. */
  readonly steppedBy: number;
}

// RFC 6298 section 2.3: alpha = 1/8 and beta = 1/4.
const ALPHA = 1 / 8;
const BETA = 1 / 4;

// RFC 6298 section 2.2 starts at half of the first sample, to avoid early retransmissions. Most paths vary less, and
// with a large variation no change could be distinguished from noise.
const FIRST_VARIATION = 1 / 8;

// The jitter of two processes on one busy machine.
const G_MS = 2;

/** The range of expected samples, and how many samples in a row out of it mean a new path. */
interface Limits {
  /** In mean deviations. */
  readonly variations: number;
  /** As a share of the smoothed time: the limit while the variation is large, as after the first sample. */
  readonly share: number;
  readonly confirmed: number;
}

// RFC 6298 section 2: beyond SRTT + 4 * RTTVAR, TCP itself assumes that something has changed. Three such samples in
// a row (0.75 s) are neither lost packets nor a pause of the edge.
const ABOVE: Limits = { variations: 4, share: 3 / 4, confirmed: 3 };

// Only a shorter path makes samples shorter, so a smaller deviation is enough.
const BELOW: Limits = { variations: 2.5, share: 2 / 5, confirmed: 3 };

// Samples of a new path are similar; samples of a growing queue are not.
const TOGETHER = 1 / 2;

// A Ping waits for a busy event loop up to twice, and sometimes longer than the mean.
const TURNS_OF_A_PING = 3;

// Linux retransmits a lost packet after at least 200 ms (TCP_RTO_MIN).
const RETRANSMITTED_MS = 200;

// After a sample out of range the path may vary more. So the range grows, but stays below most steps.
const WIDENED = 1.25;

/**
 * The round-trip time after one more sample; `before` is undefined at the first one, and `busyMs` is the delay of the
 * event loop that the edge reports with it, which may explain what is above the expected range. The time is smoothed
 * as in TCP. Two things differ: several similar samples in a row make the estimate jump, and a single sample out of the
 * expected range only widens that range.
 */
export function smoothRoundTrip(before: RoundTrip | undefined, sampleMs: number, busyMs = 0): RoundTrip {
  if (before === undefined) {
    return {
      smoothedMs: sampleMs,
      variationMs: sampleMs * FIRST_VARIATION,
      outliers: [],
      steppedBy: 0,
    };
  }
  const limits = sampleMs > before.smoothedMs ? ABOVE : BELOW;
  const range = Math.max(rangeMs(before, limits), limits === ABOVE ? TURNS_OF_A_PING * busyMs : 0);
  if (Math.abs(sampleMs - before.smoothedMs) <= range) return smooth(before, sampleMs);

  if (!confirms(limits, before)) {
    return {
      ...before,
      variationMs: before.variationMs * WIDENED,
      outliers: [sampleMs],
      steppedBy: 0,
    };
  }
  const outliers = [sampleMs, ...before.outliers].slice(0, limits.confirmed);
  if (outliers.length < limits.confirmed || !lieTogether(outliers))
    return { ...before, outliers, steppedBy: 0 };
  return stepTo(outliers, before);
}

/** Whether a packet of this Ping was probably lost and retransmitted. */
export function isLate(before: RoundTrip | undefined, sampleMs: number): boolean {
  return (
    before !== undefined && sampleMs > before.smoothedMs + Math.max(rangeMs(before, ABOVE), RETRANSMITTED_MS)
  );
}

/** How far from the estimate a sample on that side may be. */
function rangeMs({ smoothedMs, variationMs }: RoundTrip, { variations, share }: Limits): number {
  return Math.max(G_MS, Math.min(variations * variationMs, share * smoothedMs));
}

/** Whether the previous sample was out of range on that side too. */
function confirms(limits: Limits, { smoothedMs, outliers: [last] }: RoundTrip): boolean {
  return last !== undefined && last > smoothedMs === (limits === ABOVE);
}

function lieTogether(outliers: readonly number[]): boolean {
  const least = Math.min(...outliers);
  return Math.max(...outliers) - least <= Math.max(2 * G_MS, TOGETHER * least);
}

function smooth(before: RoundTrip, sampleMs: number): RoundTrip {
  // RFC 6298 section 2.3: RTTVAR is computed with the SRTT from before this sample.
  const deviation = Math.abs(before.smoothedMs - sampleMs);
  return {
    smoothedMs: (1 - ALPHA) * before.smoothedMs + ALPHA * sampleMs,
    variationMs: (1 - BETA) * before.variationMs + BETA * deviation,
    outliers: [],
    steppedBy: 0,
  };
}

/** The smallest of their changes. The new path varies like these samples, or like the old path. */
function stepTo(outliers: readonly number[], before: RoundTrip): RoundTrip {
  const least = Math.min(...outliers);
  const most = Math.max(...outliers);
  const smoothedMs = least > before.smoothedMs ? least : most;
  const variationMs = Math.min(Math.max((most - least) / 2, before.variationMs), smoothedMs / 2);
  return { smoothedMs, variationMs, outliers: [], steppedBy: outliers.length };
}
