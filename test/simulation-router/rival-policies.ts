import { distanceKm } from "./latency-map.ts";
import type { Picker, Policy } from "./policy.ts";
import type { World } from "./world.ts";

/** Any edge, every time anew. */
export const RANDOM: Policy = {
  name: "random",
  picker(world) {
    const random = world.random.fork();
    return {
      choose: () => {
        const order = [...world.members];
        // Fisher and Yates.
        for (let last = order.length - 1; last > 0; last -= 1) {
          const other = random.whole(0, last);
          [order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
        }
        return order;
      },
    };
  },
};

/** Each router takes one after the other, and begins somewhere. */
export const ROUND_ROBIN: Policy = {
  name: "round robin",
  picker(world, router) {
    let turn = router;
    return {
      choose: () => {
        const members = world.members;
        const first = turn % members.length;
        turn += 1;
        return [...members.slice(first), ...members.slice(0, first)];
      },
    };
  },
};

/** The nearest on the globe, as a map of regions to edges has it: it knows no load and no state. */
export const STATIC_NEAREST: Policy = {
  name: "static nearest",
  picker(world, router) {
    const here = world.site.routers[router];
    const distances = world.site.edges.map((edge) => (here === undefined ? 0 : distanceKm(here, edge)));
    return {
      choose: () => world.members.toSorted((a, b) => (distances[a] ?? 0) - (distances[b] ?? 0)),
    };
  },
};

/**
 * Perfect knowledge: for each request the least of the true round trip, the true work before it and its own service,
 * all as they are at this moment. It knows who is dead, and does not have to find out.
 */
export const PERFECT: Policy = { name: "perfect", picker: (world, router) => new AllKnowing(world, router) };

class AllKnowing implements Picker {
  readonly #world: World;
  readonly #router: number;

  constructor(world: World, router: number) {
    this.#world = world;
    this.#router = router;
  }

  choose(now: number): readonly number[] {
    const ranked = this.#world.members.map((index) => ({ index, cost: this.#cost(index, now) }));
    return ranked.sort((a, b) => a.cost - b.cost).map(({ index }) => index);
  }

  #cost(index: number, now: number): number {
    const edge = this.#world.edges[index];
    if (edge === undefined || edge.reach !== "up") return Number.POSITIVE_INFINITY;
    const rttMs = this.#world.map.rttMs(this.#router, index);
    // What is there now is worked off while the request is on its way.
    const comingMs = this.#world.network.coming(index) * edge.serviceMs;
    const wait = Math.max(0, edge.backlogMs(now) + comingMs - rttMs / 2);
    // Only when no serving edge is left.
    const refused = edge.state === "serving" ? 0 : 1e9;
    return rttMs + wait + edge.serviceMs + edge.extraMs + refused;
  }
}
