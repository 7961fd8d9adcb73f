import { expect } from "chai";
import { systemClock } from "../../process/clock.ts";
import { RoutedEdge } from "../../test/rig/routed-edge.ts";
import { type EdgeHealth, isServing, stateOf } from "./edge-health.ts";
import { EdgeMonitor } from "./edge-monitor.ts";

describe("an edge's monitor", () => {
  let edge: RoutedEdge;
  let monitor: EdgeMonitor;

  beforeEach(async () => {
    edge = await RoutedEdge.start("edge-1");
    monitor = new EdgeMonitor(edge.grpcAddress, { clock: systemClock, random: Math.random });
  });

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
    monitor.start();
    const { roundTrip, report } = await until(isAlive);
    expect(roundTrip.smoothedMs).to.be.at.least(29);
    expect(report).to.include({ edge: "edge-1", state: "serving" });
    expect(edge.pings).to.equal(2);
  });

  it("goes on measuring, some four times a second", async () => {
    monitor.start();
    await until(isAlive);
    const first = performance.now();
    for (let answers = 0; answers < 4; answers += 1) await until(isAlive);
    expect(performance.now() - first).to.be.at.least(800);
  });

  it("calls an edge that refuses connections dead within a second, and alive again when it is back", async () => {
    monitor.start();
    await until(isAlive);
    const gone = performance.now();
    edge.stopGrpc();
    const { why } = await until(isDead);
    expect(performance.now() - gone).to.be.below(1000);
    expect(why).to.contain("UNAVAILABLE");
    await edge.startGrpc();
    await until(isAlive);
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
    monitor.start();
    await until(isAlive);
    edge.does.pingDelayMs = 1500;
    await until(isDead);
    edge.does.pingDelayMs = 0;
    // By then the answers that were held up for 1.5 s have come in as well.
    for (let answers = 0; answers < 8; answers += 1) {
      const health = await until(isAlive);
      expect(health.kind === "alive" && health.roundTrip.smoothedMs).to.be.below(200);
    }
  });

  it("survives a stall of its own process without calling anybody dead", async () => {
    monitor.start();
    await until(isAlive);
    const deaths: EdgeHealth[] = [];
    monitor.onPing((health) => {
      if (isDead(health)) deaths.push(health);
    });
    const end = performance.now() + 1300;
    while (performance.now() < end);
    await until(isAlive);
    await until(isAlive);
    expect(deaths).to.deep.equal([]);
  });

  it("takes an answer that makes no sense for none", async () => {
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

    it("believes NOT_SERVING at once, before a Ping says so, and SERVING again", async () => {
      monitor.start();
      await until(isServingNow);
      // The watch has been heard when a word that is the same as the Ping's brings nothing new.
      await until(isServingNow);
      edge.does.silent = true;
      edge.saysHealth("NOT_SERVING");
      const told = performance.now();
      await until(isLapsed);
      expect(performance.now() - told).to.be.below(200);
      edge.saysHealth("SERVING");
      await until(isServingNow);
    });

    it("judges by Ping alone when the service does not know", async () => {
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

    it("lets go of an edge that drains, so that nothing keeps it from ending", async () => {
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
