// Caches and compiled code are empty after a start; what failed may fail again. Long enough to notice either.
export const SLOW_START_MS = 5000;

// It must get some requests, or nothing would warm up and nobody would learn whether it works.
const FIRST_SHARE = 0.1;

/** Share of its requests that an edge should get, when another can take the rest; 1 when it has been there for long. */
export function readiness(freshSince: number | undefined, now: number): number {
  if (freshSince === undefined) return 1;
  const passed = Math.max(0, now - freshSince) / SLOW_START_MS;
  return Math.min(1, FIRST_SHARE + (1 - FIRST_SHARE) * passed);
}
