import type { QueuedEdge } from "../../learn/simulation/queued-edge.ts";
import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import type { VirtualTime } from "../../learn/simulation/virtual-time.ts";
import type { LatencyMap } from "./latency-map.ts";

// One packet in a thousand is lost; TCP sends it again after 200 ms at the earliest (Linux, TCP_RTO_MIN).
const LOSS = 0.001;
const RETRANSMISSION_MS = 200;

/** What happens to one message on its way there and back besides the distance. Both ways in milliseconds. */
export interface Travel {
  readonly thereMs: number;
  readonly backMs: number;
}

/** `jitterMs` is the mean of what queues on the way add in each direction. */
export function drawTravel(random: SeededRandom, jitterMs: number): Travel {
  const oneWay = () => jitterMs * exponential(random) + (random.chance(LOSS) ? RETRANSMISSION_MS : 0);
  return { thereMs: oneWay(), backMs: oneWay() };
}

/** Exponentially distributed with mean 1. */
export function exponential(random: SeededRandom): number {
  return -Math.log(1 - random.next());
}

/** One message from a router to an edge; exactly one of its ends is called, at the router's time. */
export interface Message {
  readonly router: number;
  readonly edge: number;
  readonly travel: Travel;
  /** Work for the edge's event loop, in units of its mean; 0 for a Ping, which only waits its turn. */
  readonly units: number;
  /** The edge has done it: what it answers is read off it now. */
  done?(edge: QueuedEdge, now: number): void;
  answered(now: number): void;
  /** The connection was refused or reset. */
  refused(now: number): void;
  /** Nothing will ever come back; told at the moment when it is lost. */
  lost(now: number): void;
}

/** Carries messages between routers and edges. */
export class Network {
  readonly #time: VirtualTime;
  readonly #map: LatencyMap;
  readonly #edges: readonly QueuedEdge[];
  /** By edge: what it has received and not yet answered. */
  readonly #held: readonly Set<Message>[];
  /** By edge: the work on its way there, in units. */
  readonly #coming: number[];

  constructor(time: VirtualTime, map: LatencyMap, edges: readonly QueuedEdge[]) {
    this.#time = time;
    this.#map = map;
    this.#edges = edges;
    this.#held = edges.map(() => new Set());
    this.#coming = edges.map(() => 0);
  }

  /** The work on its way to this edge, in units. */
  coming(edge: number): number {
    return this.#coming[edge] ?? 0;
  }

  send(message: Message): void {
    this.#coming[message.edge] = this.coming(message.edge) + message.units;
    this.#time.after(this.#oneWayMs(message) + message.travel.thereMs, () => this.#arrive(message));
  }

  /** The process of this edge is gone: what it held is reset. */
  resetAll(edge: number): void {
    const held = this.#held[edge];
    for (const message of held ?? []) this.#refuse(message);
    held?.clear();
  }

  #arrive(message: Message): void {
    const edge = this.#edges[message.edge];
    this.#coming[message.edge] = this.coming(message.edge) - message.units;
    switch (edge?.reach) {
      case undefined:
      case "silent":
        message.lost(this.#time.now);
        return;
      case "refuses":
        this.#refuse(message);
        return;
      case "up":
        this.#held[message.edge]?.add(message);
        this.#time.at(edge.take(this.#time.now, message.units), () => this.#finish(message, edge));
    }
  }

  #finish(message: Message, edge: QueuedEdge): void {
    const { now } = this.#time;
    // It was reset meanwhile.
    if (this.#held[message.edge]?.delete(message) !== true) return;
    if (edge.reach === "silent") {
      message.lost(now);
      return;
    }
    message.done?.(edge, now);
    this.#time.after(this.#backMs(message), () => message.answered(this.#time.now));
  }

  #refuse(message: Message): void {
    this.#time.after(this.#backMs(message), () => message.refused(this.#time.now));
  }

  #oneWayMs({ router, edge }: Message): number {
    return this.#map.rttMs(router, edge) / 2;
  }

  #backMs(message: Message): number {
    return this.#oneWayMs(message) + message.travel.backMs;
  }
}
