import { onePlace } from "./one-place.ts";
import { play } from "./play.ts";
import type { Policy } from "./policy.ts";
import type { Scenario } from "./scenario.ts";
import { TimeBins } from "./time-bins.ts";

// From this moment on one edge is not enough for everybody.
export const HERD_GROWS_MS = 20_000;

// How much the three edges together have to do, before and after it: at first one could do all of it.
const BUSY_BEFORE = 0.2;
const BUSY_AFTER = 0.6;

// The nearest edge is the same for every router, by more than any hysteresis.
const RTT_MS = [10, 15, 20];

const BIN_MS = 500;

// When the shares must have settled after the growth.
const SETTLED_S = 35;

export interface HerdSetting {
  readonly seed: number;
  readonly routers: number;
  readonly requestsPerSecond: number;
  readonly policy: Policy;
}

/** All routers stand in one place, and all of them see the same nearest edge. */
export interface Herd {
  /** By edge, nearest first: its share of all requests in each bin. */
  readonly shares: readonly (readonly (readonly [seconds: number, share: number | undefined])[])[];
  readonly meanMs: number;
}

/** How far the share of the nearest edge swings once it has settled: its standard deviation from bin to bin. */
export function swing({ shares: [nearest = []] }: Herd): number {
  const settled = nearest.flatMap(([at, share]) => (at < SETTLED_S || share === undefined ? [] : [share]));
  const mean = settled.reduce((sum, share) => sum + share, 0) / settled.length;
  return Math.sqrt(settled.reduce((sum, share) => sum + (share - mean) ** 2, 0) / settled.length);
}

const HERD_MS = 60_000;

const HERD: Scenario = {
  name: "herd",
  what: "routers in one place, edges at 10, 15 and 20 ms, and at 20 s more demand than the nearest can meet",
  ms: HERD_MS,
  edges: [],
  startsLater: [],
  demand: (_, atMs) => (atMs < HERD_GROWS_MS ? BUSY_BEFORE / BUSY_AFTER : 1),
  mostDemand: () => 1,
  happenings: [],
};

export async function playHerd({ seed, routers, requestsPerSecond, policy }: HerdSetting): Promise<Herd> {
  const site = onePlace({ seed, routers, requestsPerSecond, rttMs: RTT_MS, jitterMs: 0.3, busy: BUSY_AFTER });
  const all = new TimeBins(HERD_MS, BIN_MS);
  const byEdge = RTT_MS.map(() => new TimeBins(HERD_MS, BIN_MS));
  const latencies = await play(
    { site, scenario: HERD, policy },
    {
      sent: ({ time }, _router, edge, attempt) => {
        if (attempt > 0) return;
        all.add(time.now);
        byEdge[edge]?.add(time.now);
      },
    },
  );
  return { shares: byEdge.map((bins) => bins.shares(all)), meanMs: latencies.meanMs };
}
