import { hashText } from "../../http/message/rendezvous.ts";
import { type EdgeHealth, stateOf } from "../measure/edge-health.ts";
import { lossNoiseOf, lossOf, provenLossOf } from "../measure/ping-loss.ts";
import type { EdgeState } from "../measure/ping-reply.ts";
import { isLoaded, pathChanged, queueMs } from "../measure/queueing.ts";
import type { Ejection } from "./ejection.ts";
import { expectedMs, loadFactor, noiseMs } from "./expected-time.ts";
import type { Timed } from "./hysteresis.ts";
import { readiness } from "./slow-start.ts";

/** The input of the choice for one edge. */
export interface ChoosableEdge {
  readonly id: string;
  readonly health: EdgeHealth;
  readonly traffic: {
    /** Requests of this router in flight there. */
    readonly inFlight: number;
    /** Of these, the requests without a first response byte. */
    readonly waiting: number;
    readonly ejection: Ejection;
    /** Whether this router has recently sent it more than a few requests. */
    isBusy(now: number): boolean;
  };
}

/** The path to an edge, measured by Pings. */
export interface MeasuredPath {
  readonly rttMs: number;
  /** Share of the latest Pings that were lost. */
  readonly loss: number;
  /** The part of the expected time that does not depend on load: base round-trip time and losses. */
  readonly pathMs: number;
  /** The path has changed in the last seconds. */
  readonly pathChanged: boolean;
}

export interface CandidateLoad {
  /** How many times as long requests take because of load; 1 without load. */
  readonly factor: number;
  /** The edge was loaded recently. */
  readonly isLoaded: boolean;
  /** This router has recently sent it more than a few requests. */
  readonly isBusy: boolean;
}

/** Whether the edge should get requests, and how many. */
export interface Fitness {
  readonly state: EdgeState;
  readonly ejection: Ejection;
  readonly isEjected: boolean;
  /** 1; less during slow start. */
  readonly readiness: number;
}

/** The figures of one living edge at one moment. `expectedMs` is the time that a small request should take there. */
export interface Candidate<E> extends Timed {
  readonly edge: E;
  readonly id: string;
  readonly idHash: number;
  readonly measured: MeasuredPath;
  readonly load: CandidateLoad;
  readonly fitness: Fitness;
}

// Pings show a change after about half a second, and a move of shares takes effect after another half.
export const LOOKAHEAD_MS = 1000;

/** Undefined for an edge that is dead or not measured yet: it gets no requests. */
export function candidateOf<E extends ChoosableEdge>(
  edge: E,
  now: number,
  lookaheadMs = LOOKAHEAD_MS,
): Candidate<E> | undefined {
  const { id, health, traffic } = edge;
  if (health.kind !== "alive") return undefined;
  const { report, roundTrip, queueing, freshSince } = health;
  const { eventLoopDelayMs, inFlight } = report;
  const { ejection, waiting } = traffic;
  const isEjected = now < ejection.until;
  // Base RTT: the smoothed RTT of an edge without load, the recent minimum under load.
  const hasQueue = isLoaded(queueing, now);
  const baseRttMs = hasQueue ? queueing.baseRttMs : roundTrip.smoothedMs;
  const queue = hasQueue ? queueMs(queueing, lookaheadMs) : 0;
  const factor = loadFactor(baseRttMs, { queueMs: queue, eventLoopDelayMs, inFlight, waiting });
  const loss = provenLossOf(health.loss);
  return {
    edge,
    id,
    idHash: hashText(id),
    expectedMs: expectedMs(baseRttMs, factor, loss),
    noiseMs: noiseMs(roundTrip.variationMs, lossNoiseOf(health.loss)),
    measured: {
      rttMs: roundTrip.smoothedMs,
      loss: lossOf(health.loss),
      pathMs: expectedMs(baseRttMs, 1, loss),
      pathChanged: pathChanged(queueing, now),
    },
    load: { factor, isLoaded: hasQueue, isBusy: traffic.isBusy(now) },
    fitness: {
      state: stateOf(health),
      ejection,
      isEjected,
      readiness: Math.min(readiness(freshSince, now), isEjected ? 1 : readiness(endOf(ejection), now)),
    },
  };
}

/** When the last ejection ended; undefined for an edge that was never ejected. */
function endOf({ times, until }: Ejection): number | undefined {
  return times === 0 ? undefined : until;
}
