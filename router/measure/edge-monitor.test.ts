import { expect } from "chai";
import { type Clock, systemClock } from "../../process/clock.ts";
import { Gate } from "../../test/rig/gate.ts";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import { RoutedEdge } from "../../test/rig/routed-edge.ts";
import { until as untilSo } from "../../test/rig/until.ts";
import { type EdgeHealth, isServing, stateOf } from "./edge-health.ts";
import { EdgeMonitor } from "./edge-monitor.ts";

// The deadlines of Pings go by the wall clock. An hour ahead of it, none passes on a slow machine.
const standingClock = () => new ManualClock(Date.now() + 3_600_000);

describe("an edge's monitor", () => {
  let edge: RoutedEdge;
  let monitor: EdgeMonitor;

  beforeEach(async () => {
    edge = await RoutedEdge.start("edge-1");
    monitor = new EdgeMonitor(edge.grpcAddress, { clock: systemClock, random: Math.random });
  });

  /** Starts a monitor whose Pings are due at every 250 ms of `clock`. */
  function startWith(clock: Clock): void {
    monitor.stop();
    monitor = new EdgeMonitor(edge.grpcAddress, { clock, random: () => 0.5 });
    monitor.start();
  }

  afterEach(async () => {
    monitor.stop();
    await edge.stop();
  });

  /** Resolves with the first health, now or to come, that is so. */
  function until<H extends EdgeHealth>(isSo: (health: EdgeHealth) => health is H): Promise<H>;
  function until(isSo: (health: EdgeHealth) => boolean): Promise<EdgeHealth>;
  function until(isSo: (health: EdgeHealth) => boolean): Promise<EdgeHealth> {
    return new Promise((resolve) => {
      const stop = monitor.onPing((health) => {
        if (!isSo(health)) return;
        stop();
        resolve(health);
      });
    });
  }

  const isAlive = (health: EdgeHealth) => health.kind === "alive";
  const isDead = (health: EdgeHealth) => health.kind === "dead";

  it("measures the round trip without what connecting took", async () => {
    edge.does.pingDelayMs = 30;
    const [{ monotonic }, standing] = [systemClock, standingClock()];
    startWith({ wall: () => standing.wall(), monotonic, wait: (ms, signal) => standing.wait(ms, signal) });
    const { roundTrip, report } = await until(isAlive);
    expect(roundTrip.smoothedMs).to.be.at.least(29);
    expect(report).to.include({ edge: "edge-1", state: "serving" });
    expect(edge.pings).to.equal(2);
  });

  it("sends a Ping every 250 ms, and the first one twice", async () => {
    const clock = standingClock();
    startWith(clock);
    await until(isAlive);
    for (let period = 1; period <= 4; period += 1) {
      await clock.waited();
      clock.advance(249);
      await clock.waited();
      expect(edge.pings).to.equal(1 + period);
      clock.advance(1);
      await until(isAlive);
    }
    expect(edge.pings).to.equal(6);
  });

  it("calls an edge dead after two refused Pings, and alive again when it is back", async () => {
    const clock = standingClock();
    startWith(clock);
    await until(isAlive);
    edge.stopGrpc();
    await clock.waited();
    clock.advance(250);
    await until((health) => health.kind === "alive" && health.missed === 1);
    await clock.waited();
    clock.advance(250);
    const { since, why } = await until(isDead);
    expect([since, why.includes("UNAVAILABLE")]).to.deep.equal([500, true]);
    await edge.startGrpc();
    await untilSo(
      "the edge is alive again",
      () => isAlive(monitor.health),
      async () => {
        await clock.waited();
        clock.advance(250);
        await until(() => true);
      },
    );
  });

  it("calls an edge that takes Pings without answering dead after a second", async () => {
    monitor.start();
    const { answeredAt } = await until(isAlive);
    edge.does.silent = true;
    const { since, why } = await until(isDead);
    expect(why).to.equal("no answer for 1000 ms");
    expect(since - answeredAt).to.be.at.least(1000);
  });

  it("does not take the time of an outage for that of a round trip", async () => {
    const [clock, held] = [standingClock(), new Gate()];
    startWith(clock);
    await until(isAlive);
    const answered = edge.pings;
    edge.does.held = held.passed;
    for (let sent = 1; sent <= 3; sent += 1) {
      await clock.waited();
      clock.advance(250);
      await untilSo("the Ping has arrived", () => edge.pings === answered + sent);
    }
    await clock.waited();
    clock.advance(250);
    await until(isDead);
    const times: number[] = [];
    monitor.onPing((health) => {
      if (health.kind === "alive") times.push(health.roundTrip.smoothedMs);
    });
    edge.does.held = undefined;
    held.open();
    await untilSo("the late answers have come", () => times.length >= 3);
    expect(new Set(times)).to.deep.equal(new Set([0]));
  });

  it("does not call an edge dead after a stall of its own process", async () => {
    const clock = standingClock();
    startWith(clock);
    await until(isAlive);
    const deaths: EdgeHealth[] = [];
    monitor.onPing((health) => {
      if (isDead(health)) deaths.push(health);
    });
    await clock.waited();
    clock.advance(1_300);
    await until(isAlive);
    await clock.waited();
    clock.advance(250);
    await until(isAlive);
    expect(deaths).to.deep.equal([]);
  });

  it("counts an invalid reply as a missed Ping", async () => {
    edge.does.ping = { edge: "not an id" };
    monitor.start();
    expect((await until(isDead)).why).to.contain("Ping reply: edge must be");
  });

  it("sees at once that the edge drains", async () => {
    monitor.start();
    await until(isAlive);
    edge.does.ping = { state: "draining" };
    await until((health) => health.kind === "alive" && health.report.state === "draining");
  });

  describe("with a gRPC health service", () => {
    const isServingNow = (health: EdgeHealth) => health.kind === "alive" && isServing(health);
    const isLapsed = (health: EdgeHealth) => health.kind === "alive" && stateOf(health) === "lapsed";

    beforeEach(async () => {
      edge.stopGrpc();
      edge.does.health = "SERVING";
      await edge.startGrpc();
    });

    it("believes NOT_SERVING although Pings still say serving, and then SERVING again", async () => {
      monitor.start();
      await until(isServingNow);
      // The watch runs by then: its first status is the same as the Ping's and changes nothing.
      await until(isServingNow);
      // Its Pings still say that it is serving.
      edge.saysHealth("NOT_SERVING");
      await until(isLapsed);
      edge.saysHealth("SERVING");
      await until(isServingNow);
    });

    it("uses Pings alone when the service does not know its status", async () => {
      monitor.start();
      await until(isServingNow);
      edge.saysHealth("UNKNOWN");
      for (let pings = 0; pings < 3; pings += 1) expect(isServing(await until(isAlive))).to.equal(true);
    });

    it("watches again after a restart", async () => {
      monitor.start();
      await until(isServingNow);
      edge.stopGrpc();
      await until(isDead);
      edge.does.health = "NOT_SERVING";
      await edge.startGrpc();
      await until(isLapsed);
    });

    it("closes its watch of a draining edge, so that the edge can stop", async () => {
      monitor.start();
      await until(isServingNow);
      edge.does.ping = { state: "draining" };
      await until((health) => health.kind === "alive" && stateOf(health) === "draining");
      await edge.endGrpc();
    });
  });

  it("stops pinging when it is stopped", async () => {
    monitor.start();
    await until(isAlive);
    monitor.stop();
    const { pings } = edge;
    const other = new EdgeMonitor(edge.grpcAddress, { clock: systemClock, random: Math.random });
    other.start();
    await new Promise<void>((resolve) => other.onPing(() => edge.pings >= pings + 3 && resolve()));
    other.stop();
    // Three Pings of the other one on its first two turns, and none of the stopped one.
    expect(edge.pings).to.equal(pings + 3);
  });
});
