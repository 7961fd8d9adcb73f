import type { QueuedEdge } from "../../learn/simulation/queued-edge.ts";
import type { Happening } from "./scenario.ts";
import type { World } from "./world.ts";

// edge/edge.ts: a draining edge takes requests for so long, for those who have not heard of it yet.
const DRAIN_MS = 1000;

// A process that has just started is this many times slower, and as fast as planned after ten seconds: at first
// nothing is compiled and nothing is cached.
const COLD_TIMES = 3;
const WARM_STEPS = 10;
const WARM_STEP_MS = 1000;

// What a lapsed edge waits for its origin.
const ORIGIN_MS = 80;

export function happen(world: World, what: Happening): void {
  const index = world.edges.findIndex(({ name }) => name === what.edge);
  const edge = world.edges[index];
  if (edge === undefined) throw new Error(`no edge of this world is called ${what.edge}`);
  switch (what.kind) {
    case "slows":
      edge.slowness = what.times;
      return;
    case "moves away":
      for (const router of world.site.routers.keys()) {
        if (world.nearestAtFirst(router) === index) world.map.lengthen(router, index, what.ms);
      }
      return;
    case "dies":
      edge.reach = "refuses";
      world.network.resetAll(index);
      return;
    case "cut off":
      edge.reach = "silent";
      return;
    case "reachable again":
      edge.reach = "up";
      return;
    case "drains":
      edge.state = "draining";
      world.time.after(DRAIN_MS, () => {
        edge.reach = "refuses";
      });
      return;
    case "lapses":
      edge.state = "lapsed";
      edge.extraMs = ORIGIN_MS;
      return;
    case "has its lease again":
      edge.state = "serving";
      edge.extraMs = 0;
      return;
    case "starts":
      world.join(index);
      start(world, edge);
  }
}

function start({ time }: World, edge: QueuedEdge): void {
  edge.restart(time.now);
  for (let step = 0; step <= WARM_STEPS; step += 1) {
    time.after(step * WARM_STEP_MS, () => {
      edge.slowness = COLD_TIMES + ((1 - COLD_TIMES) * step) / WARM_STEPS;
    });
  }
}
