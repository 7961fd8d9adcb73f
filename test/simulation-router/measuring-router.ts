import type { QueuedEdge } from "../../learn/simulation/queued-edge.ts";
import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { type ChoiceRules, Chooser } from "../../router/choose/chooser.ts";
import type { RouteRequest } from "../../router/choose/route-request.ts";
import { EdgeTraffic } from "../../router/fleet/edge-traffic.ts";
import {
  type EdgeHealth,
  nextHealth,
  type PingEvent,
  silentAt,
  unmeasured,
} from "../../router/measure/edge-health.ts";
import type { EdgeReport } from "../../router/measure/ping-reply.ts";
import { drawTravel } from "./network.ts";
import type { Picker, Policy } from "./policy.ts";
import type { World } from "./world.ts";

// router/measure/edge-monitor.ts: the period of Pings and how far it is jittered.
const PERIOD_MS = 250;
const JITTER = 0.1;

// router/measure/edge-channel.ts: the deadline of a Ping.
const PING_DEADLINE_MS = 2000;

// router/fleet/membership.ts: how often a router looks for new edges.
const LOOK_EVERY_MS = 500;

// Nothing of a request matters to this policy.
const REQUEST: RouteRequest = { method: "GET", host: "www.example", target: "/", region: undefined };

/** One edge as one router knows it. */
export interface WatchedEdge {
  readonly index: number;
  readonly id: string;
  readonly traffic: EdgeTraffic;
  health: EdgeHealth;
}

/** What edgeCache's router does, by its own code for measuring and choosing. */
export const EDGE_CACHE: Policy = {
  name: "edgeCache",
  picker: (world, router, leave) => new MeasuringRouter(world, router, leave),
};

/** The same without hysteresis: any other edge that looks better is worth a change. */
export const WITHOUT_HYSTERESIS: Policy = {
  name: "without hysteresis",
  picker: (world, router, leave) =>
    new MeasuringRouter(world, router, leave, { betterShare: 0, betterMs: 0, noiseTimes: 0 }),
};

/** Measures in the same way, and always takes the least smoothed round-trip time. */
export const LOWEST_RTT: Policy = {
  name: "lowest round trip",
  picker: (world, router, leave) => new LowestRtt(world, router, leave),
};

/** The router's pure parts on virtual time, and Pings on the simulated net. */
export class MeasuringRouter implements Picker {
  readonly #world: World;
  readonly #router: number;
  readonly #leave: (edge: number) => void;
  readonly #random: SeededRandom;
  readonly #chooser: Chooser<WatchedEdge>;
  /** By index of the edge. */
  readonly #edges = new Map<number, WatchedEdge>();

  constructor(world: World, router: number, leave: (edge: number) => void, rules: Partial<ChoiceRules> = {}) {
    this.#world = world;
    this.#router = router;
    this.#leave = leave;
    this.#random = world.random.fork();
    const draws = world.random.fork();
    this.#chooser = new Chooser<WatchedEdge>({
      policy: "nearest",
      regions: new Map(),
      routerId: `router-${world.site.seed}-${router}`,
      random: () => draws.next(),
      rules,
    });
    this.#look(false);
  }

  get edges(): readonly WatchedEdge[] {
    return [...this.#edges.values()];
  }

  choose(): readonly number[] {
    return this.#chooser.choose(REQUEST).edges.map(({ index }) => index);
  }

  began(edge: number): void {
    this.#edges.get(edge)?.traffic.began();
  }

  answered(edge: number, now: number, firstByteMs: number): void {
    const traffic = this.#edges.get(edge)?.traffic;
    traffic?.answered(now, firstByteMs);
    traffic?.ended(true);
  }

  failed(edge: number, now: number): void {
    const traffic = this.#edges.get(edge)?.traffic;
    traffic?.failed(now, "failed");
    traffic?.ended(false);
  }

  /** Finds new edges. `isLate`: this router is at work already. */
  #look(isLate: boolean): void {
    const { time, members, edges } = this.#world;
    for (const index of members) {
      if (this.#edges.has(index)) continue;
      const edge: WatchedEdge = {
        index,
        id: edges[index]?.name ?? "",
        traffic: new EdgeTraffic(() => this.#update()),
        health: unmeasured(time.now, isLate),
      };
      this.#edges.set(index, edge);
      time.after(PERIOD_MS * this.#random.next(), () => this.#ping(edge));
      time.at(silentAt(edge.health), () => this.#watch(edge));
    }
    time.after(LOOK_EVERY_MS * this.#random.between(1 - JITTER, 1 + JITTER), () => this.#look(true));
  }

  #ping(edge: WatchedEdge): void {
    const { time, network, site } = this.#world;
    const sentAt = time.now;
    let report: EdgeReport | undefined;
    const missed = (why: string) => this.#take(edge, { kind: "missed", why });
    network.send({
      router: this.#router,
      edge: edge.index,
      travel: drawTravel(this.#random, site.jitterMs),
      units: 0,
      done: (queue, now) => {
        report = reportOf(queue, now);
      },
      answered: (now) => {
        if (report === undefined || now - sentAt > PING_DEADLINE_MS) return missed("out of time");
        this.#take(edge, { kind: "answered", report, rttMs: now - sentAt });
      },
      refused: () => missed("refused"),
      lost: () => time.at(sentAt + PING_DEADLINE_MS, () => missed("out of time")),
    });
    time.after(PERIOD_MS * this.#random.between(1 - JITTER, 1 + JITTER), () => this.#ping(edge));
  }

  /** Looks whether the edge has been silent for too long, and when to look again. */
  #watch(edge: WatchedEdge): void {
    const { time } = this.#world;
    if (time.now >= silentAt(edge.health)) this.#take(edge, { kind: "silent" });
    // A dead one may come back at any time.
    const again = edge.health.kind === "dead" ? time.now + PERIOD_MS : silentAt(edge.health);
    time.at(again, () => this.#watch(edge));
  }

  #take(edge: WatchedEdge, event: PingEvent): void {
    const before = edge.health;
    edge.health = nextHealth(before, event, this.#world.time.now);
    if (bootOf(edge.health) !== bootOf(before)) edge.traffic.restarted();
    this.#update();
    if (edge.health.kind === "dead" && before.kind !== "dead") this.#leave(edge.index);
  }

  #update(): void {
    this.#chooser.update(this.edges, this.#world.time.now);
  }
}

class LowestRtt extends MeasuringRouter {
  override choose(): readonly number[] {
    const edges = new Map(this.edges.map((edge) => [edge.index, edge]));
    return super.choose().toSorted((a, b) => rttOf(edges.get(a)) - rttOf(edges.get(b)));
  }
}

function rttOf(edge: WatchedEdge | undefined): number {
  return edge?.health.kind === "alive" ? edge.health.roundTrip.smoothedMs : Number.POSITIVE_INFINITY;
}

function bootOf(health: EdgeHealth): string | undefined {
  return health.kind === "unmeasured" ? undefined : health.report?.bootId;
}

function reportOf(edge: QueuedEdge, now: number): EdgeReport {
  return {
    edge: edge.name,
    bootId: `${edge.name}-${edge.boot}`,
    state: edge.state,
    position: { epoch: 1, seq: 0 },
    leaseLeftMs: edge.state === "lapsed" ? 0 : 2000,
    inFlight: edge.inFlight(now),
    eventLoopDelayMs: edge.eventLoopDelayMs(now),
    host: "127.0.0.1",
    httpPort: 80,
    publicUrl: undefined,
    version: "1.0.0",
    config: "0123456789abcdef",
  };
}
