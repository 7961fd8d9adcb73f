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
      /** It joined a fleet that was already running. */
      readonly isLate: boolean;
    }
  /** It answers Pings. `stateOf` tells whether it should get traffic. */
  | {
      readonly kind: "alive";
      readonly report: EdgeReport;
      readonly roundTrip: RoundTrip;
      readonly queueing: Queueing;
      readonly loss: PingLoss;
      /** Its gRPC health service reports NOT_SERVING. */
      readonly notServing: boolean;
      /** When this router first saw it since its last start; undefined if it ran before this router. */
      readonly freshSince: number | undefined;
      readonly answeredAt: number;
      /** How long that answer took. */
      readonly pingMs: number;
      /** Pings missed since the last answer. */
      readonly missed: number;
    }
  /** It gets no traffic until it answers again. */
  | {
      readonly kind: "dead";
      readonly since: number;
      readonly why: string;
      /** Its last Ping reply, if there was one. */
      readonly report: EdgeReport | undefined;
    };

export type AliveHealth = Extract<EdgeHealth, { kind: "alive" }>;

export type PingEvent =
  | {
      readonly kind: "answered";
      readonly report: EdgeReport;
      readonly rttMs: number;
      /** The last status of its gRPC health service, if it has one. */
      readonly notServing?: boolean;
    }
  /** The status of its gRPC health service has changed. */
  | { readonly kind: "status"; readonly notServing: boolean }
  /** The Ping was refused, broke off or timed out, or the reply is invalid. */
  | { readonly kind: "missed"; readonly why: string }
  /** `silentAt` has passed. */
  | { readonly kind: "silent" };

// One missed Ping may be a connection that the edge closed properly. A second one in a row is not.
const MISSES_UNTIL_DEAD = 2;

// Four periods: long enough for a lost packet and its retransmission, and short enough for a quick change.
export const SILENCE_UNTIL_DEAD_MS = 1000;

/** `isLate`: the edge joined a fleet that was already running. */
export function unmeasured(now: number, isLate = false): EdgeHealth {
  return { kind: "unmeasured", since: now, missed: 0, isLate };
}

/** When this edge counts as dead if it does not answer before; Infinity for a dead edge. */
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

/** The last Ping reply of the edge, alive or dead. */
export function lastReport(health: EdgeHealth): EdgeReport | undefined {
  return health.kind === "unmeasured" ? undefined : health.report;
}

/** NOT_SERVING from the health service counts as lapsed, before the next Ping. */
export function stateOf({ report, notServing }: AliveHealth): EdgeState {
  return notServing && report.state === "serving" ? "lapsed" : report.state;
}

/** Whether it comes before every lapsed or draining edge. */
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
    pingMs: rttMs,
    missed: 0,
  };
}

/** A restarted edge, or one that was dead, may run elsewhere now. So its old times no longer count. */
function sameLife(health: EdgeHealth, report: EdgeReport): AliveHealth | undefined {
  return health.kind === "alive" && health.report.bootId === report.bootId ? health : undefined;
}

/** Edges that ran before this router already have a warm cache. */
function freshSince(before: EdgeHealth, now: number): number | undefined {
  return before.kind === "unmeasured" && !before.isLate ? undefined : now;
}

function dead(before: EdgeHealth, why: string, now: number): EdgeHealth {
  return { kind: "dead", since: now, why, report: lastReport(before) };
}
