import type { EdgeReport } from "./ping-reply.ts";
import { type RoundTrip, smoothRoundTrip } from "./round-trip.ts";

/** What the router knows of one edge. Instants are monotonic milliseconds. */
export type EdgeHealth =
  /** No Ping has been answered yet. */
  | { readonly kind: "unmeasured"; readonly since: number; readonly missed: number }
  /** Answering; whether it should get traffic is in `report.state`. */
  | {
      readonly kind: "alive";
      readonly report: EdgeReport;
      readonly roundTrip: RoundTrip;
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
  | { readonly kind: "answered"; readonly report: EdgeReport; readonly rttMs: number }
  /** Refused, broken off, out of time, or an answer that makes no sense. */
  | { readonly kind: "missed"; readonly why: string }
  /** `silentAt` has passed. */
  | { readonly kind: "silent" };

// One missed Ping may be a connection that the edge closed in good order; a second one in a row is not.
const MISSES_UNTIL_DEAD = 2;

// Four periods: long enough for a lost packet and its retransmission, short enough to leave within a second.
export const SILENCE_UNTIL_DEAD_MS = 1000;

export function unmeasured(now: number): EdgeHealth {
  return { kind: "unmeasured", since: now, missed: 0 };
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

/** Whether it should get traffic before every edge that is lapsed or draining. */
export function isServing(health: EdgeHealth): boolean {
  return health.kind === "alive" && health.report.state === "serving";
}

export function nextHealth(health: EdgeHealth, event: PingEvent, now: number): EdgeHealth {
  switch (event.kind) {
    case "answered":
      return {
        kind: "alive",
        report: event.report,
        roundTrip: smoothRoundTrip(measuredBefore(health, event.report), event.rttMs),
        answeredAt: now,
        missed: 0,
      };
    case "missed": {
      if (health.kind === "dead") return { ...health, why: event.why };
      const missed = health.missed + 1;
      return missed < MISSES_UNTIL_DEAD ? { ...health, missed } : dead(health, event.why, now);
    }
    case "silent":
      return health.kind === "dead" ? health : dead(health, `no answer for ${SILENCE_UNTIL_DEAD_MS} ms`, now);
  }
}

/** A restarted edge, or one that comes back from the dead, may stand elsewhere: its old times say nothing. */
function measuredBefore(health: EdgeHealth, report: EdgeReport): RoundTrip | undefined {
  if (health.kind !== "alive" || health.report.bootId !== report.bootId) return undefined;
  return health.roundTrip;
}

function dead(before: EdgeHealth, why: string, now: number): EdgeHealth {
  return { kind: "dead", since: now, why, report: lastReport(before) };
}
