import { NO_PINGS, notePing, type PingLoss } from "./ping-loss.ts";
import type { EdgeReport, EdgeState } from "./ping-reply.ts";
import { noteQueue, type Queueing } from "./queueing.ts";
import { isLate, type RoundTrip, smoothRoundTrip } from "./round-trip.ts";

/** What the router knows of one edge. Instants are monotonic milliseconds. */
export type EdgeHealth =
  /** No Ping has been answered yet. */
  | {
      readonly kind: "unmeasured";
      readonly since: number;
      readonly missed: number;
      /** It joined a fleet that was at work already. */
      readonly isLate: boolean;
    }
  /** Answering; whether it should get traffic is what stateOf tells. */
  | {
      readonly kind: "alive";
      readonly report: EdgeReport;
      readonly roundTrip: RoundTrip;
      readonly queueing: Queueing;
      readonly loss: PingLoss;
      /** Its gRPC health service says NOT_SERVING. */
      readonly notServing: boolean;
      /** When it was first seen in this life; undefined when it was there before this router. */
      readonly freshSince: number | undefined;
      readonly answeredAt: number;
      /** Pings missed since the last answer. */
      readonly missed: number;
    }
  /** Sends no traffic there until it answers again. */
  | {
      readonly kind: "dead";
      readonly since: number;
      readonly why: string;
      /** What it said last, if it ever said anything. */
      readonly report: EdgeReport | undefined;
    };

export type AliveHealth = Extract<EdgeHealth, { kind: "alive" }>;

export type PingEvent =
  | {
      readonly kind: "answered";
      readonly report: EdgeReport;
      readonly rttMs: number;
      /** What its gRPC health service said last; absent where it has none. */
      readonly notServing?: boolean;
    }
  /** Its gRPC health service says something new. */
  | { readonly kind: "status"; readonly notServing: boolean }
  /** Refused, broken off, out of time, or an answer that makes no sense. */
  | { readonly kind: "missed"; readonly why: string }
  /** `silentAt` has passed. */
  | { readonly kind: "silent" };

// One missed Ping may be a connection that the edge closed in good order; a second one in a row is not.
const MISSES_UNTIL_DEAD = 2;

// Four periods: long enough for a lost packet and its retransmission, short enough to leave within a second.
export const SILENCE_UNTIL_DEAD_MS = 1000;

/** `isLate`: it joined a fleet that was at work already. */
export function unmeasured(now: number, isLate = false): EdgeHealth {
  return { kind: "unmeasured", since: now, missed: 0, isLate };
}

/** When this edge counts as dead unless it answers before; Infinity when it is dead already. */
export function silentAt(health: EdgeHealth): number {
  switch (health.kind) {
    case "unmeasured":
      return health.since + SILENCE_UNTIL_DEAD_MS;
    case "alive":
      return health.answeredAt + SILENCE_UNTIL_DEAD_MS;
    case "dead":
      return Number.POSITIVE_INFINITY;
  }
}

/** What the edge said last, alive or dead. */
export function lastReport(health: EdgeHealth): EdgeReport | undefined {
  return health.kind === "unmeasured" ? undefined : health.report;
}

/** An edge whose health service says NOT_SERVING is lapsed before its next Ping can say so. */
export function stateOf({ report, notServing }: AliveHealth): EdgeState {
  return notServing && report.state === "serving" ? "lapsed" : report.state;
}

/** Whether it should get traffic before every edge that is lapsed or draining. */
export function isServing(health: EdgeHealth): boolean {
  return health.kind === "alive" && stateOf(health) === "serving";
}

export function nextHealth(health: EdgeHealth, event: PingEvent, now: number): EdgeHealth {
  switch (event.kind) {
    case "answered":
      return answered(health, event, now);
    case "status":
      return health.kind === "alive" ? { ...health, notServing: event.notServing } : health;
    case "missed": {
      if (health.kind === "dead") return { ...health, why: event.why };
      const missed = health.missed + 1;
      if (missed >= MISSES_UNTIL_DEAD) return dead(health, event.why, now);
      if (health.kind === "unmeasured") return { ...health, missed };
      return { ...health, missed, loss: notePing(health.loss, true) };
    }
    case "silent":
      return health.kind === "dead" ? health : dead(health, `no answer for ${SILENCE_UNTIL_DEAD_MS} ms`, now);
  }
}

function answered(
  health: EdgeHealth,
  { report, rttMs, notServing = false }: Extract<PingEvent, { kind: "answered" }>,
  now: number,
): AliveHealth {
  const life = sameLife(health, report);
  const { eventLoopDelayMs } = report;
  const roundTrip = smoothRoundTrip(life?.roundTrip, rttMs, eventLoopDelayMs);
  return {
    kind: "alive",
    report,
    roundTrip,
    queueing: noteQueue(life?.queueing, {
      ms: rttMs,
      at: now,
      steppedBy: roundTrip.steppedBy,
      eventLoopDelayMs,
    }),
    loss: notePing(life?.loss ?? NO_PINGS, isLate(life?.roundTrip, rttMs)),
    notServing,
    freshSince: life === undefined ? freshSince(health, now) : life.freshSince,
    answeredAt: now,
    missed: 0,
  };
}

/** A restarted edge, or one that comes back from the dead, may stand elsewhere: its old times say nothing. */
function sameLife(health: EdgeHealth, report: EdgeReport): AliveHealth | undefined {
  return health.kind === "alive" && health.report.bootId === report.bootId ? health : undefined;
}

/** Edges that were there before this router have warmed up for others. */
function freshSince(before: EdgeHealth, now: number): number | undefined {
  return before.kind === "unmeasured" && !before.isLate ? undefined : now;
}

function dead(before: EdgeHealth, why: string, now: number): EdgeHealth {
  return { kind: "dead", since: now, why, report: lastReport(before) };
}
