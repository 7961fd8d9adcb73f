import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { isServing } from "../../router/measure/edge-health.ts";
import { cityNamed } from "./cities.ts";
import { switchesPerMinute } from "./flapping.ts";
import { playHerd, swing } from "./herd.ts";
import { Latencies } from "./latencies.ts";
import { distanceKm } from "./latency-map.ts";
import { EDGE_CACHE, LOWEST_RTT, MeasuringRouter, WITHOUT_HYSTERESIS } from "./measuring-router.ts";
import { onePlace } from "./one-place.ts";
import { play } from "./play.ts";
import type { Policy } from "./policy.ts";
import { PERFECT } from "./rival-policies.ts";
import { BEGINS_MS, ENDS_MS, EVENTFUL_DAY, scenarioNamed } from "./scenarios.ts";
import { playOnMap } from "./tournament.ts";

const SMALL = { routers: 12, requests: 60_000 };

// With so many requests the draws alone make it 0.03.
const HERD = { seed: 1, routers: 60, requestsPerSecond: 500 };
const MOST_SWING = 0.1;

const EQUALS = { seed: 1, routers: 20, requestsPerSecond: 200 };
const MOST_SWITCHES = 1;

/** As EDGE_CACHE, and `look` sees every choice. */
function watched(look: (router: MeasuringRouter, first: number | undefined) => void): Policy {
  class Watched extends MeasuringRouter {
    override choose(): readonly number[] {
      const order = super.choose();
      look(this, order[0]);
      return order;
    }
  }
  return { name: "watched", picker: (world, router, leave) => new Watched(world, router, leave) };
}

describe("the choice of an edge, simulated on a map of real cities", () => {
  it("takes at most a tenth longer than perfect knowledge on an eventful day, and loses nothing", async function () {
    this.timeout(60_000);
    const [ours, perfect] = [new Latencies(), new Latencies()];
    for (const seed of [1, 2, 3]) {
      const played = await playOnMap({ ...SMALL, seed }, EVENTFUL_DAY, EDGE_CACHE);
      const best = await playOnMap({ ...SMALL, seed }, EVENTFUL_DAY, PERFECT);
      expect(played.meanMs / best.meanMs, `mean with seed ${seed}`).to.be.within(0.99, 1.1);
      ours.addAll(played);
      perfect.addAll(best);
    }
    // A dozen routers see each edge from few places; a hundred come closer.
    expect(ours.quantileMs(0.95) / perfect.quantileMs(0.95), "95th percentile").to.be.within(0.99, 1.15);
    expect(ours.lost, "requests lost").to.equal(0);
  });

  it("never begins at an edge that is lapsed, draining or dead while it knows a serving one", async () => {
    let choices = 0;
    const policy = watched(({ edges }, first) => {
      const chosen = edges.find(({ index }) => index === first);
      if (!edges.some(({ health }) => isServing(health))) return;
      choices += 1;
      if (chosen === undefined || !isServing(chosen.health)) expect.fail(`chose ${chosen?.id}`);
    });
    await playOnMap({ seed: 1, routers: 4, requests: 10_000 }, EVENTFUL_DAY, policy);
    expect(choices).to.be.greaterThan(15_000);
  });

  it("follows a route that becomes longer, and shorter again, within two seconds", async () => {
    const FOLLOWED_MS = 2000;
    const [far, near] = [
      { toTokyo: 0, all: 0 },
      { toTokyo: 0, all: 0 },
    ];
    const scenario = scenarioNamed("near becomes far");
    await playOnMap({ seed: 1, routers: 8, requests: 10_000 }, scenario, EDGE_CACHE, {
      sent(world, router, edge) {
        const tokyo = world.edges.findIndex(({ name }) => name === "Tokyo");
        if (world.nearestAtFirst(router) !== tokyo) return;
        const { now } = world.time;
        const isFar = now >= BEGINS_MS + FOLLOWED_MS && now < ENDS_MS;
        if (!isFar && now < ENDS_MS + FOLLOWED_MS) return;
        const span = isFar ? far : near;
        span.all += 1;
        if (edge === tokyo) span.toTokyo += 1;
      },
    });
    expect(far.toTokyo / far.all).to.be.below(0.05);
    expect(near.toTokyo / near.all).to.be.above(0.9);
  });

  it("settles when many routers see the same best edge, which cannot take them all", async () => {
    expect(swing(await playHerd({ ...HERD, policy: EDGE_CACHE }))).to.be.below(MOST_SWING);
  });

  it("would swing if it went by round trips alone", async () => {
    expect(swing(await playHerd({ ...HERD, policy: LOWEST_RTT }))).to.be.above(MOST_SWING);
  });

  it("does not flap between two equal edges", async () => {
    expect(await switchesPerMinute({ ...EQUALS, policy: EDGE_CACHE })).to.be.below(MOST_SWITCHES);
  });

  it("would flap without hysteresis, and more so if it went by round trips alone", async () => {
    expect(await switchesPerMinute({ ...EQUALS, policy: WITHOUT_HYSTERESIS })).to.be.above(2 * MOST_SWITCHES);
    expect(await switchesPerMinute({ ...EQUALS, policy: LOWEST_RTT })).to.be.above(10 * MOST_SWITCHES);
  });
});

describe("the simulated world", () => {
  it("has the distances of the real one", () => {
    expect(distanceKm(cityNamed("London"), cityNamed("New York"))).to.be.closeTo(5570, 20);
    expect(distanceKm(cityNamed("Tokyo"), cityNamed("Sydney"))).to.be.closeTo(7820, 30);
  });

  it("keeps requests waiting as queueing theory has it", async () => {
    const [rttMs, requestsPerSecond, busy] = [10, 1000, 0.5];
    const site = onePlace({ seed: 1, routers: 1, requestsPerSecond, rttMs: [rttMs], jitterMs: 0, busy });
    const { meanMs } = await play({ site, scenario: scenarioNamed("calm"), policy: PERFECT });
    const serviceMs = (1000 * busy) / requestsPerSecond;
    // M/M/1: the mean time in the system is the service time over the idle share. Lost packets take 200 ms more.
    expect(meanMs).to.be.closeTo(rttMs + serviceMs / (1 - busy) + 2 * 0.001 * 200, 0.3);
  });

  it("plays the same again for the same seed", async () => {
    const again = () => playOnMap({ seed: 7, routers: 3, requests: 3000 }, EVENTFUL_DAY, EDGE_CACHE);
    const [one, two] = [await again(), await again()];
    expect([one.count, one.meanMs, one.quantileMs(0.99)]).to.deep.equal([
      two.count,
      two.meanMs,
      two.quantileMs(0.99),
    ]);
  });
});

describe("npm run simulate:router", () => {
  const run = (...argv: string[]) =>
    spawnSync(process.execPath, [fileURLToPath(new URL("simulate-router.ts", import.meta.url)), ...argv], {
      encoding: "utf8",
    });

  it("refuses flags that make no sense, each in one line, with exit code 2", () => {
    const { status, stderr, stdout } = run("--routers", "0", "--requests", "1e9", "--seed=-1", "--sed", "1");
    expect({ status, stdout }).to.deep.equal({ status: 2, stdout: "" });
    expect(stderr.trim().split("\n")).to.have.length(4);
    expect(stderr).to.include("--routers: must be a whole number from 1 to 2000");
  });

  it("refuses a place for the plots that is none, before it plays", () => {
    const { status, stderr } = run("--plots", fileURLToPath(import.meta.url));
    expect(status).to.equal(2);
    expect(stderr).to.include("--plots: must be a directory that can be written");
  });
});
