/** Milliseconds to the microsecond: what a clock says beyond that is noise. */
export function roundedMs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
