import { Chooser } from "../../router/choose/chooser.ts";
import { EdgeTraffic } from "../../router/fleet/edge-traffic.ts";
import { type EdgeHealth, nextHealth, unmeasured } from "../../router/measure/edge-health.ts";
import type { EdgeReport } from "../../router/measure/ping-reply.ts";
import { QueuedEdge } from "./queued-edge.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { Stage } from "./stage.ts";
import type { VirtualTime } from "./virtual-time.ts";

// As router/measure/edge-monitor.ts has it.
const PING_EVERY_MS = 250;
const JITTER = 0.1;

// Nothing of a request matters to the policy "nearest".
const REQUEST = { method: "GET", host: "www.example", target: "/", region: undefined };

/** An edge as the router of a lesson knows it, and as it is. */
export interface RoutedEdge {
  readonly id: string;
  /** One way. */
  readonly travelMs: number;
  readonly queue: QueuedEdge;
  readonly traffic: EdgeTraffic;
  health: EdgeHealth;
  /** The latest round trip of a Ping; Infinity before the first. */
  pingMs: number;
}

/** Picks an edge for one request. */
export type OtherChoice = (edges: readonly RoutedEdge[]) => RoutedEdge | undefined;

export interface FleetParts {
  readonly time: VirtualTime;
  readonly stage: Stage;
  readonly random: SeededRandom;
  readonly edges: readonly { readonly id: string; readonly travelMs: number; readonly serviceMs: number }[];
  /** undefined: the router chooses by its own code. */
  readonly other?: OtherChoice | undefined;
}

/** A router that measures and chooses by its own code, before edges with queues. */
export class RoutedFleet {
  readonly edges: readonly RoutedEdge[];
  readonly #parts: FleetParts;
  readonly #chooser: Chooser<RoutedEdge>;

  constructor(parts: FleetParts) {
    this.#parts = parts;
    const { time, random } = parts;
    const draws = random.fork();
    this.#chooser = new Chooser({
      policy: "nearest",
      regions: new Map(),
      routerId: "router",
      random: () => draws.next(),
    });
    this.edges = parts.edges.map(({ id, travelMs, serviceMs }) => ({
      id,
      travelMs,
      queue: new QueuedEdge(id, serviceMs),
      traffic: new EdgeTraffic(() => this.#update()),
      health: unmeasured(time.now),
      pingMs: Number.POSITIVE_INFINITY,
    }));
    for (const edge of this.edges) time.after(random.between(0, PING_EVERY_MS), () => void this.#ping(edge));
  }

  /** Sends one request, and resolves to the time until its answer is back at the router; undefined: there is no edge. */
  async send(): Promise<number | undefined> {
    const { time, stage, other } = this.#parts;
    const edge = other?.(this.edges) ?? this.#chooser.choose(REQUEST).edges[0];
    if (edge === undefined) return undefined;
    const sentAt = time.now;
    edge.traffic.began();
    await stage.travel("router", edge.id, edge.travelMs, "request", "");
    await this.#work(edge, 1);
    await stage.travel(edge.id, "router", edge.travelMs, "hit", "");
    const ms = time.now - sentAt;
    edge.traffic.answered(time.now, ms);
    edge.traffic.ended(true);
    return ms;
  }

  async #ping(edge: RoutedEdge): Promise<void> {
    const { time, stage, random } = this.#parts;
    time.after(PING_EVERY_MS * random.between(1 - JITTER, 1 + JITTER), () => void this.#ping(edge));
    const sentAt = time.now;
    await stage.pause(edge.travelMs);
    await this.#work(edge, 0);
    const report = reportOf(edge, time.now);
    await stage.pause(edge.travelMs);
    edge.pingMs = time.now - sentAt;
    edge.health = nextHealth(edge.health, { kind: "answered", report, rttMs: edge.pingMs }, time.now);
    this.#update();
  }

  #work({ queue }: RoutedEdge, units: number): Promise<void> {
    const { time } = this.#parts;
    return new Promise((resolve) => time.at(queue.take(time.now, units), resolve));
  }

  #update(): void {
    this.#chooser.update(this.edges, this.#parts.time.now);
  }
}

function reportOf({ id, queue }: RoutedEdge, now: number): EdgeReport {
  return {
    edge: id,
    bootId: `${id}-1`,
    state: "serving",
    position: { epoch: 1, seq: 0 },
    leaseLeftMs: 3_000,
    inFlight: queue.inFlight(now),
    eventLoopDelayMs: queue.eventLoopDelayMs(now),
    host: "127.0.0.1",
    httpPort: 80,
    publicUrl: undefined,
    version: "",
    config: "",
  };
}
