// After a start the cache is empty and code is not compiled, and an edge that failed may fail again. 5 s show both.
export const SLOW_START_MS = 5000;

// Without requests its cache would stay cold, and no router would learn whether it works.
const FIRST_SHARE = 0.1;

/** The part of its requests that an edge gets when another one can take the rest; 1 after slow start. */
export function readiness(freshSince: number | undefined, now: number): number {
  if (freshSince === undefined) return 1;
  const passed = Math.max(0, now - freshSince) / SLOW_START_MS;
  return Math.min(1, FIRST_SHARE + (1 - FIRST_SHARE) * passed);
}
