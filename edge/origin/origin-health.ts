/** What is known of an origin from what became of the requests that it was sent. */
export type OriginHealth =
  /** `failures` in a row since its last response. */
  | { readonly kind: "up"; readonly failures: number }
  /** Not asked; `probes` have not reached it since. */
  | { readonly kind: "down"; readonly probes: number }
  /** Reached by a probe. That it takes a connection does not say that it answers: one request may find out. */
  | { readonly kind: "trial"; readonly probes: number };

export const HEALTHY: OriginHealth = { kind: "up", failures: 0 };

// One failure may be a restart or a lost packet; each one more costs a client the timeout.
const FAILURES_TO_BE_DOWN = 3;
// Soon enough that a restart is hardly noticed, at a cost of one connection.
const FIRST_PROBE_MS = 1_000;
// How long an origin that is back after a long time may stay unused.
const LONGEST_BETWEEN_PROBES_MS = 60_000;

/** It gave no response. */
export function afterFailure(health: OriginHealth): OriginHealth {
  switch (health.kind) {
    case "up": {
      const failures = health.failures + 1;
      return failures < FAILURES_TO_BE_DOWN ? { kind: "up", failures } : { kind: "down", probes: 0 };
    }
    case "trial":
      return { kind: "down", probes: health.probes };
    case "down":
      return health;
  }
}

export function afterProbe(health: OriginHealth, reached: boolean): OriginHealth {
  if (health.kind !== "down") return health;
  return { kind: reached ? "trial" : "down", probes: health.probes + 1 };
}

/**
 * Milliseconds until the next probe: twice as long each time. `jitter` from 0 to 1 takes up to a half of it off, so
 * that the edges that lost an origin together do not come back to it together.
 */
export function probeDelayMs(probes: number, jitter: number): number {
  const longest = Math.min(FIRST_PROBE_MS * 2 ** probes, LONGEST_BETWEEN_PROBES_MS);
  return longest * (1 - jitter / 2);
}
