/** Milliseconds, rounded to the microsecond. Further digits of a clock are noise. */
export function roundedMs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
