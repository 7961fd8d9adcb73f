import type { Clock } from "../../process/clock.ts";

export interface ShownStateParts {
  readonly report: { readonly state: string };
  readonly follower: { readonly leaseLeftMs: number };
  readonly control: { setServing(serving: boolean): void };
  readonly clock: Clock;
}

// How soon gRPC health shows that the lease is back. That the lease has run out it shows at once.
const LEAST_LOOK_MS = 50;
// How soon it shows that the edge was drained: a Ping of a router, every 250 ms, says so too.
const LONGEST_LOOK_MS = 250;

/** Rule E7: gRPC health says at once when the lease has run out, and when it is back. Never rejects. */
export async function showState(
  { report, follower, control, clock }: ShownStateParts,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    control.setServing(report.state === "serving");
    // A timer may ring a fraction of a millisecond early.
    const lookMs = Math.min(Math.max(follower.leaseLeftMs + 1, LEAST_LOOK_MS), LONGEST_LOOK_MS);
    await clock.wait(lookMs, signal).catch(() => undefined);
  }
}
