import { QueuedEdge } from "../../learn/simulation/queued-edge.ts";
import { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { VirtualTime } from "../../learn/simulation/virtual-time.ts";
import type { City } from "./cities.ts";
import { type Client, drawClients } from "./crowd.ts";
import type { LatencyMap } from "./latency-map.ts";
import { Network } from "./network.ts";
import type { Scenario } from "./scenario.ts";

/** Where everything stands and how much there is to do. */
export interface Site {
  readonly seed: number;
  /** Where people live. */
  readonly cities: readonly City[];
  readonly routers: readonly City[];
  readonly edges: readonly City[];
  readonly clients: number;
  /** Draws the net. */
  map(random: SeededRandom): LatencyMap;
  /** What queues on the way add in each direction on average; they are exponentially distributed. */
  readonly jitterMs: number;
  /** On average. */
  readonly requestsPerSecond: number;
  readonly speed: Speed;
}

/** How fast the edges are. */
export type Speed =
  /** Each as fast as its place needs: it is so busy, 0 to 1, when everybody goes to the nearest edge. */
  | { readonly kind: "planned"; readonly busy: number }
  /** All alike: the mean time for which a request needs the event loop. */
  | { readonly kind: "equal"; readonly serviceMs: number };

/** Routers, edges, the net between them, and what happens to them. The seed decides all of it. */
export class World {
  readonly time = new VirtualTime();
  readonly site: Site;
  readonly scenario: Scenario;
  readonly map: LatencyMap;
  readonly edges: readonly QueuedEdge[];
  readonly clients: readonly Client[];
  readonly network: Network;
  /** For what comes after the world was made. */
  readonly random: SeededRandom;
  /** By router: which edge was the nearest one in the beginning. */
  readonly #nearestAtFirst: readonly number[];
  #members: readonly number[];

  constructor(site: Site, scenario: Scenario) {
    this.random = new SeededRandom(site.seed);
    this.site = site;
    this.scenario = scenario;
    this.clients = drawClients(site.cities, site.routers, site.clients, this.random.fork());
    this.map = site.map(this.random.fork());
    this.edges = makeEdges(this);
    this.#members = [...site.edges.keys()].filter((index) => !startsLater(this, index));
    this.network = new Network(this.time, this.map, this.edges);
    this.#nearestAtFirst = site.routers.map((_, router) => this.map.nearest(router, this.members));
  }

  nearestAtFirst(router: number): number {
    return this.#nearestAtFirst[router] ?? 0;
  }

  /** The edges that routers have been told of. */
  get members(): readonly number[] {
    return this.#members;
  }

  /** Routers are told of one more, unless they know it. */
  join(edge: number): void {
    if (!this.#members.includes(edge)) this.#members = [...this.#members, edge];
  }
}

// Nobody buys an edge smaller than this part of an equal share; it also lets the policies that send everything
// everywhere live on a calm day.
const LEAST_SHARE = 0.8;

function makeEdges(world: World): QueuedEdge[] {
  const { site, clients, map } = world;
  const all = [...site.edges.keys()];
  const later = all.filter((index) => startsLater(world, index));
  const atFirst = all.filter((index) => !later.includes(index));
  // An edge that starts later was bought for its own share, the others for what they have without it.
  const sharesAtFirst = nearestShares(clients, map, atFirst);
  const sharesOfAll = nearestShares(clients, map, all);
  return site.edges.map(({ name }, index) => {
    const isLater = later.includes(index);
    const share = (isLater ? sharesOfAll : sharesAtFirst).get(index) ?? 0;
    const edge = new QueuedEdge(name, serviceMs(site, share));
    if (isLater) edge.reach = "refuses";
    return edge;
  });
}

function startsLater({ site, scenario }: World, edge: number): boolean {
  return scenario.startsLater.includes(site.edges[edge]?.name ?? "");
}

/** For an edge that is the nearest one for such a share of all clients. */
function serviceMs({ speed, edges, requestsPerSecond }: Site, share: number): number {
  switch (speed.kind) {
    case "equal":
      return speed.serviceMs;
    case "planned":
      return (1000 * speed.busy) / (Math.max(share, LEAST_SHARE / edges.length) * requestsPerSecond);
  }
}

/** Which share of the clients has each edge as the nearest one on the net. */
function nearestShares(
  clients: readonly Client[],
  map: LatencyMap,
  edges: readonly number[],
): Map<number, number> {
  const shares = new Map<number, number>();
  const nearest = new Map<number, number>();
  for (const { router } of clients) {
    const edge = nearest.get(router) ?? map.nearest(router, edges);
    nearest.set(router, edge);
    shares.set(edge, (shares.get(edge) ?? 0) + 1 / clients.length);
  }
  return shares;
}
