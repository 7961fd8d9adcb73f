/**
 * How often a key has been used of late, `uses` as of one period and now in another. A use counts half for each period
 * that has passed since, so that what was asked for last night does not stay ahead of what is asked for now.
 */
export function usesAfter(uses: number, periods: number): number {
  // A shift by more than 31 would be one by less.
  return periods > 31 ? 0 : uses >>> periods;
}
