import { type EdgeHealth, stateOf } from "../measure/edge-health.ts";
import { lossNoiseOf, lossOf, provenLossOf } from "../measure/ping-loss.ts";
import type { EdgeState } from "../measure/ping-reply.ts";
import { hasNewWay, isLoaded, queueMs } from "../measure/queueing.ts";
import type { Ejection } from "./ejection.ts";
import { expectedMs, loadFactor, noiseMs } from "./expected-time.ts";
import { hashText } from "./rendezvous.ts";
import { readiness } from "./slow-start.ts";

/** One edge as the choice is given it. */
export interface ChoosableEdge {
  readonly id: string;
  readonly health: EdgeHealth;
  readonly traffic: {
    /** Requests of this router that are under way there. */
    readonly inFlight: number;
    /** Those of them that have no first byte of an answer yet. */
    readonly waiting: number;
    readonly ejection: Ejection;
    /** Whether this router has lately sent it more than a few requests. */
    isBusy(now: number): boolean;
  };
}

/** The figures of one living edge at one moment. */
export interface Candidate<E> {
  readonly edge: E;
  readonly id: string;
  readonly idHash: number;
  readonly state: EdgeState;
  readonly ejection: Ejection;
  readonly isEjected: boolean;
  readonly rttMs: number;
  /** Share of its latest Pings that were lost. */
  readonly loss: number;
  readonly loadFactor: number;
  /** What a small request should take there, in milliseconds. */
  readonly expectedMs: number;
  /** How far chance alone may have moved that. */
  readonly noiseMs: number;
  /** What the way there takes of it, without load. */
  readonly wayMs: number;
  /** It has been loaded lately. */
  readonly isLoaded: boolean;
  /** The way there has just become another one. */
  readonly hasNewWay: boolean;
  /** 1, or less while it starts slowly. */
  readonly readiness: number;
  /** This router has lately sent it more than a few requests. */
  readonly isBusy: boolean;
}

// Half of it is when the next Ping shows a change, and half how long a move takes.
export const LOOKAHEAD_MS = 1000;

/** Undefined for an edge that is dead or was never measured: nothing is sent there. */
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
  // Without load, what a Ping takes is the way; with load, the way is the least that it has taken lately.
  const hasQueue = isLoaded(queueing, now);
  const wayMs = hasQueue ? queueing.wayMs : roundTrip.smoothedMs;
  const queue = hasQueue ? queueMs(queueing, lookaheadMs) : 0;
  const factor = loadFactor(wayMs, { queueMs: queue, eventLoopDelayMs, inFlight, waiting });
  const loss = provenLossOf(health.loss);
  return {
    edge,
    id,
    idHash: hashText(id),
    state: stateOf(health),
    ejection,
    isEjected,
    rttMs: roundTrip.smoothedMs,
    loss: lossOf(health.loss),
    loadFactor: factor,
    expectedMs: expectedMs(wayMs, factor, loss),
    noiseMs: noiseMs(roundTrip.variationMs, lossNoiseOf(health.loss)),
    wayMs: expectedMs(wayMs, 1, loss),
    isLoaded: hasQueue,
    hasNewWay: hasNewWay(queueing, now),
    readiness: Math.min(readiness(freshSince, now), isEjected ? 1 : readiness(endOf(ejection), now)),
    isBusy: traffic.isBusy(now),
  };
}

function endOf({ times, until }: Ejection): number | undefined {
  return times === 0 ? undefined : until;
}
