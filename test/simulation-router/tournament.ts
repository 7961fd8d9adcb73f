import { CITIES, cityNamed } from "./cities.ts";
import { placeRouters } from "./crowd.ts";
import { Latencies } from "./latencies.ts";
import { LatencyMap } from "./latency-map.ts";
import { play } from "./play.ts";
import type { Policy } from "./policy.ts";
import type { Watcher } from "./routed-requests.ts";
import type { Scenario } from "./scenario.ts";
import type { Site } from "./world.ts";

/** How large the world is. */
export interface Scale {
  readonly seed: number;
  readonly routers: number;
  /** Requests a minute, about. More of them make faster edges, so that these are as busy as before. */
  readonly requests: number;
}

// Thousands of clients: enough for every city to have some.
const CLIENTS = 4000;

// The switches of a wide-area net are mostly idle.
const JITTER_MS = 0.3;

// On average, when everybody goes to the nearest edge: a day's peak is met, and so is the loss of one edge.
const BUSY = 0.5;

/** One scenario on the map of the world under one policy. */
export function playOnMap(
  scale: Scale,
  scenario: Scenario,
  policy: Policy,
  watcher: Watcher = {},
): Promise<Latencies> {
  const routers = placeRouters(CITIES, scale.routers);
  const edges = scenario.edges.map(cityNamed);
  const site: Site = {
    seed: scale.seed,
    cities: CITIES,
    routers,
    edges,
    clients: CLIENTS,
    map: (random) => LatencyMap.between(routers, edges, random),
    jitterMs: JITTER_MS,
    requestsPerSecond: requestsPerSecond(scale),
    speed: { kind: "planned", busy: BUSY },
  };
  return play({ site, scenario, policy }, watcher);
}

export function requestsPerSecond({ requests }: Scale): number {
  return requests / 60;
}

/** The results of all policies in one scenario, in the order of the policies. */
export interface Round {
  readonly scenario: string;
  readonly results: readonly Latencies[];
}

/** All requests of all rounds, by policy. */
export function overall(rounds: readonly Round[]): Round {
  const [first] = rounds;
  const results = (first?.results ?? []).map((_, index) => {
    const all = new Latencies();
    for (const { results } of rounds) {
      const result = results[index];
      if (result !== undefined) all.addAll(result);
    }
    return all;
  });
  return { scenario: "overall", results };
}
