import { onePlace } from "./one-place.ts";
import { FIRST_REQUEST_MS, play } from "./play.ts";
import type { Policy } from "./policy.ts";
import type { Scenario } from "./scenario.ts";

// Two edges that are alike in everything, with little to do.
const RTT_MS = [20, 20];
const BUSY = 0.3;

// A fifth of the way in each direction: a net on which single round trips say little.
const JITTER_MS = 2;

const EQUALS: Scenario = {
  name: "equals",
  what: "two edges that are equally near",
  ms: 60_000,
  edges: [],
  startsLater: [],
  demand: () => 1,
  mostDemand: () => 1,
  happenings: [],
};

export interface FlappingSetting {
  readonly seed: number;
  readonly routers: number;
  readonly requestsPerSecond: number;
  readonly policy: Policy;
}

/** How often a minute a router sends a request to the other one of two equal edges than the request before it. */
export async function switchesPerMinute(setting: FlappingSetting): Promise<number> {
  const { seed, routers, requestsPerSecond, policy } = setting;
  const site = onePlace({ seed, routers, requestsPerSecond, rttMs: RTT_MS, jitterMs: JITTER_MS, busy: BUSY });
  const last = new Map<number, number>();
  let switches = 0;
  await play(
    { site, scenario: EQUALS, policy },
    {
      sent: (_world, router, edge, attempt) => {
        if (attempt > 0) return;
        const before = last.get(router);
        if (before !== undefined && before !== edge) switches += 1;
        last.set(router, edge);
      },
    },
  );
  return switches / routers / ((EQUALS.ms - FIRST_REQUEST_MS) / 60_000);
}
