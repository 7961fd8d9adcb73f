import type { ChoosableEdge } from "../../router/choose/candidate.ts";
import { type Ejection, SOUND } from "../../router/choose/ejection.ts";
import type { AliveHealth } from "../../router/measure/edge-health.ts";
import { NO_PINGS } from "../../router/measure/ping-loss.ts";
import type { EdgeReport, EdgeState } from "../../router/measure/ping-reply.ts";

/** The properties of an edge that the choice reads. */
export interface Seen {
  readonly rttMs: number;
  readonly variationMs?: number;
  readonly state?: EdgeState;
  readonly eventLoopDelayMs?: number;
  /** Without the queue that it has. */
  readonly baseRttMs?: number;
  readonly loadedUntil?: number;
  readonly inFlight?: number;
  /** Requests of this router under way there. */
  readonly underWay?: number;
  readonly ejectedUntil?: number;
  readonly freshSince?: number | undefined;
  readonly isBusy?: boolean;
}

/** An edge that is alive, for choices without a network. */
export class SeenEdge implements ChoosableEdge {
  readonly id: string;
  health: ChoosableEdge["health"];
  traffic: ReturnType<typeof trafficOf>;

  constructor(id: string, seen: Seen) {
    this.id = id;
    this.health = aliveHealth(id, seen);
    this.traffic = trafficOf(seen);
  }

  /** It is seen so from now on. */
  becomes(seen: Seen): void {
    this.health = aliveHealth(this.id, seen);
    this.traffic = trafficOf(seen);
  }

  dies(): void {
    this.health = { kind: "dead", since: 0, why: "refused", report: undefined };
  }
}

function aliveHealth(id: string, seen: Seen): AliveHealth {
  const { rttMs, variationMs = 0, state = "serving", eventLoopDelayMs = 0, inFlight = 0 } = seen;
  const { baseRttMs = rttMs, loadedUntil = 0 } = seen;
  const report: EdgeReport = {
    edge: id,
    bootId: "b",
    state,
    position: { epoch: 1, seq: 0 },
    leaseLeftMs: 2000,
    inFlight,
    eventLoopDelayMs,
    host: "127.0.0.1",
    httpPort: 1,
    publicUrl: undefined,
    version: "1.0.0",
    config: "0123456789abcdef",
  };
  return {
    kind: "alive",
    report,
    roundTrip: { smoothedMs: rttMs, variationMs, outliers: [], steppedBy: 0 },
    queueing: {
      samples: [],
      baseRttMs,
      waitMs: rttMs - baseRttMs,
      trend: 0,
      loadedUntil,
      steppedAt: undefined,
    },
    loss: NO_PINGS,
    notServing: false,
    freshSince: seen.freshSince,
    answeredAt: 0,
    pingMs: 0,
    missed: 0,
  };
}

function trafficOf({ underWay = 0, ejectedUntil, isBusy = false }: Seen) {
  const ejection: Ejection =
    ejectedUntil === undefined ? SOUND : { failedInARow: 0, times: 1, until: ejectedUntil };
  return { inFlight: underWay, waiting: underWay, ejection, isBusy: () => isBusy };
}
