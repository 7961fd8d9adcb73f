import { cityNamed } from "./cities.ts";
import { LatencyMap } from "./latency-map.ts";
import type { Site } from "./world.ts";

export interface OnePlace {
  readonly seed: number;
  readonly routers: number;
  readonly requestsPerSecond: number;
  /** One for each edge, the same from every router. */
  readonly rttMs: readonly number[];
  readonly jitterMs: number;
  /** How busy the edges are together when there is most to do. */
  readonly busy: number;
}

/** Every router stands in one place and sees the same edges, which are equally fast. */
export function onePlace({ seed, routers, requestsPerSecond, rttMs, jitterMs, busy }: OnePlace): Site {
  const here = cityNamed("Frankfurt");
  return {
    seed,
    cities: [here],
    routers: new Array(routers).fill(here),
    edges: rttMs.map((_, index) => ({ ...here, name: `edge ${index + 1}` })),
    clients: routers,
    map: () => new LatencyMap(new Array(routers).fill(rttMs)),
    jitterMs,
    requestsPerSecond,
    speed: { kind: "equal", serviceMs: (1000 * busy * rttMs.length) / requestsPerSecond },
  };
}
