import { expect } from "chai";
import {
  type EdgeHealth,
  isServing,
  lastReport,
  nextHealth,
  type PingEvent,
  silentAt,
  stateOf,
  unmeasured,
} from "./edge-health.ts";
import { lossOf } from "./ping-loss.ts";
import type { EdgeReport } from "./ping-reply.ts";

const report: EdgeReport = {
  edge: "edge-1",
  bootId: "b1",
  state: "serving",
  position: { epoch: 1, seq: 0 },
  leaseLeftMs: 2000,
  inFlight: 0,
  eventLoopDelayMs: 0,
  host: "127.0.0.1",
  httpPort: 8081,
  publicUrl: undefined,
  version: "1.0.0",
  config: "0123456789abcdef",
};

const answered = (rttMs: number, changes: Partial<EdgeReport> = {}): PingEvent => ({
  kind: "answered",
  rttMs,
  report: { ...report, ...changes },
});
const missed: PingEvent = { kind: "missed", why: "refused" };
const silent: PingEvent = { kind: "silent" };

/** The health after these events, 100 ms apart, the first at 100. */
function healthAfter(...events: readonly PingEvent[]): EdgeHealth {
  return events.reduce((health, event, at) => nextHealth(health, event, (at + 1) * 100), unmeasured(0));
}

function smoothed(health: EdgeHealth): number | undefined {
  return health.kind === "alive" ? health.roundTrip.smoothedMs : undefined;
}

describe("an edge's health", () => {
  it("is alive and serving after one answer", () => {
    const health = healthAfter(answered(10));
    expect(health.kind).to.equal("alive");
    expect(isServing(health)).to.equal(true);
  });

  it("survives one missed Ping and dies of two in a row", () => {
    expect(healthAfter(answered(10), missed).kind).to.equal("alive");
    expect(healthAfter(answered(10), missed, answered(10), missed).kind).to.equal("alive");
    const health = healthAfter(answered(10), missed, missed);
    expect(health).to.include({ kind: "dead", since: 300, why: "refused" });
    expect(lastReport(health)).to.deep.equal(report);
  });

  it("dies when it was never measured and two Pings are missed", () => {
    expect(healthAfter(missed).kind).to.equal("unmeasured");
    expect(healthAfter(missed, missed)).to.include({ kind: "dead", report: undefined });
  });

  it("dies of silence, a second after its last answer or its beginning", () => {
    expect(silentAt(unmeasured(7))).to.equal(1007);
    expect(silentAt(healthAfter(answered(10)))).to.equal(1100);
    const health = healthAfter(answered(10), silent);
    expect(health).to.include({ kind: "dead", why: "no answer for 1000 ms" });
    expect(silentAt(health)).to.equal(Number.POSITIVE_INFINITY);
  });

  it("keeps the time of its death while more Pings are missed", () => {
    expect(healthAfter(answered(10), missed, missed, missed, silent)).to.include({
      kind: "dead",
      since: 300,
    });
  });

  it("smooths the round-trip time from answer to answer", () => {
    expect(smoothed(healthAfter(answered(40), answered(48)))).to.equal(41);
  });

  it("measures afresh after a restart", () => {
    expect(smoothed(healthAfter(answered(40), answered(80, { bootId: "b2" })))).to.equal(80);
  });

  it("measures afresh when it comes back from the dead", () => {
    expect(smoothed(healthAfter(answered(40), missed, missed, answered(80)))).to.equal(80);
  });

  it("is alive but not serving when its lease has lapsed or it drains", () => {
    for (const state of ["lapsed", "draining"] as const) {
      const health = healthAfter(answered(10, { state }));
      expect(health.kind).to.equal("alive");
      expect(isServing(health)).to.equal(false);
    }
  });

  it("is lapsed as soon as its health service says so, and judged by Ping alone again after that", () => {
    const status = (notServing: boolean): PingEvent => ({ kind: "status", notServing });
    const lapsed = healthAfter(answered(10), status(true));
    expect(lapsed.kind === "alive" && stateOf(lapsed)).to.equal("lapsed");
    expect(isServing(healthAfter(answered(10), status(true), status(false)))).to.equal(true);
    expect(isServing(healthAfter(answered(10), status(true), answered(10)))).to.equal(true);
    const draining = healthAfter(answered(10, { state: "draining" }), status(true));
    expect(draining.kind === "alive" && stateOf(draining)).to.equal("draining");
    expect(healthAfter(status(true)).kind).to.equal("unmeasured");
  });

  it("is fresh after a restart, after its death, and when it joined late", () => {
    const fresh = (health: EdgeHealth) => health.kind === "alive" && health.freshSince;
    expect(fresh(healthAfter(answered(10), answered(10)))).to.equal(undefined);
    expect(
      fresh(healthAfter(answered(10), answered(10, { bootId: "b2" }), answered(10, { bootId: "b2" }))),
    ).to.equal(200);
    expect(fresh(healthAfter(missed, missed, answered(10)))).to.equal(300);
    expect(fresh(nextHealth(unmeasured(0, true), answered(10), 50))).to.equal(50);
  });

  it("remembers which of its Pings were missed or late", () => {
    const lost = (health: EdgeHealth) => (health.kind === "alive" ? lossOf(health.loss) : undefined);
    expect(lost(healthAfter(answered(10), missed, answered(10), answered(10)))).to.equal(0.25);
    expect(lost(healthAfter(answered(10), answered(400)))).to.equal(0.5);
    expect(lost(healthAfter(answered(10), missed, answered(10, { bootId: "b2" })))).to.equal(0);
  });
});
