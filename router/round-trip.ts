/** Round-trip time to one edge in milliseconds, smoothed as TCP does it. */
export interface RoundTrip {
  readonly smoothedMs: number;
  /** Mean deviation of the samples from the smoothed value. */
  readonly variationMs: number;
}

// RFC 6298 section 2.3: alpha = 1/8 and beta = 1/4.
const ALPHA = 1 / 8;
const BETA = 1 / 4;

/** `before` is undefined at the first sample. */
export function smoothRoundTrip(before: RoundTrip | undefined, sampleMs: number): RoundTrip {
  // RFC 6298 section 2.2: the first measurement R gives SRTT = R and RTTVAR = R/2.
  if (before === undefined) return { smoothedMs: sampleMs, variationMs: sampleMs / 2 };
  // RFC 6298 section 2.3: RTTVAR is computed with the SRTT from before this sample.
  const deviation = Math.abs(before.smoothedMs - sampleMs);
  return {
    smoothedMs: (1 - ALPHA) * before.smoothedMs + ALPHA * sampleMs,
    variationMs: (1 - BETA) * before.variationMs + BETA * deviation,
  };
}
