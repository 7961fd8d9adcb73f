import { expect } from "chai";
import fc from "fast-check";
import { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { SeenEdge } from "../../test/rig/choosable-edge.ts";
import { type EdgeHealth, nextHealth, unmeasured } from "../measure/edge-health.ts";
import type { EdgeReport } from "../measure/ping-reply.ts";
import { Chooser, type ChooserSettings } from "./chooser.ts";
import { SOUND } from "./ejection.ts";

const edge = (id: string, rttMs: number) => new SeenEdge(id, { rttMs });
const asked = (region?: string) => ({ method: "GET", host: "", target: "/", region });

function chooser(settings: Partial<ChooserSettings> = {}): Chooser<SeenEdge> {
  return new Chooser({
    policy: "nearest",
    regions: new Map(),
    routerId: "one",
    random: Math.random,
    ...settings,
  });
}

describe("a router's choice", () => {
  it("has nobody to choose before it knows of edges", () => {
    expect(chooser().choose(asked())).to.deep.equal({ edges: [], reason: "no-edge" });
  });

  it("is the same until something is updated", () => {
    const [a, b] = [edge("a", 5), edge("b", 50)];
    const choice = chooser();
    choice.update([a, b], 0);
    a.dies();
    expect(choice.choose(asked()).edges[0]).to.equal(a);
    choice.update([a, b], 250);
    expect(choice.choose(asked())).to.deep.equal({ edges: [b], reason: "only" });
  });

  it("goes to the edges of the client's region, and by distance for a region that nobody knows", () => {
    const regions = new Map([["eu", new Set(["eu-1"])]]);
    const edges = [edge("us-1", 5), edge("eu-1", 90)];
    const choice = chooser({ regions });
    choice.update(edges, 0);
    const first = (region?: string) => choice.choose(asked(region)).edges[0]?.id;
    expect([first(), first("eu"), first("EU "), first("asia"), first("__proto__")]).to.deep.equal([
      "us-1",
      "eu-1",
      "eu-1",
      "us-1",
      "us-1",
    ]);
    expect(choice.explain(asked("EU"))).to.include({ region: "eu", reason: "in-region", policy: "nearest" });
  });
});

/** Bell-shaped, mean 0, deviation 1. */
function bell(random: SeededRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

function reportOf(edgeId: string): EdgeReport {
  return {
    edge: edgeId,
    bootId: "b",
    state: "serving",
    position: { epoch: 1, seq: 0 },
    leaseLeftMs: 2000,
    inFlight: 0,
    eventLoopDelayMs: 1,
    host: "127.0.0.1",
    httpPort: 1,
    publicUrl: undefined,
    version: "1.0.0",
    config: "0123456789abcdef",
  };
}

interface Pinged {
  readonly at: number;
  readonly edge: number;
  readonly rttMs: number;
}

/** Pings of 250 ms to edges as far as `distance` tells, with a deviation of `noise` times that. */
function pings(
  seed: number,
  untilMs: number,
  distances: (now: number) => readonly number[],
  noise: number,
): Pinged[] {
  const random = new SeededRandom(seed);
  const all: Pinged[] = [];
  for (const index of distances(0).keys()) {
    for (let sentAt = random.between(0, 250); sentAt < untilMs; sentAt += random.between(225, 275)) {
      const rttMs = (distances(sentAt)[index] ?? 0) * Math.exp(noise * bell(random));
      all.push({ at: sentAt + rttMs, edge: index, rttMs });
    }
  }
  return all.sort((a, b) => a.at - b.at);
}

/** When the first edge of the choice became another one, in milliseconds. */
function changes(seed: number, history: readonly Pinged[]): number[] {
  const count = Math.max(...history.map(({ edge: index }) => index)) + 1;
  const edges = Array.from({ length: count }, (_, at) => ({
    id: `edge-${at}`,
    health: unmeasured(0) as EdgeHealth,
    traffic: { inFlight: 0, waiting: 0, ejection: SOUND, isBusy: () => false },
  }));
  const random = new SeededRandom(seed);
  const choice = new Chooser<(typeof edges)[number]>({
    policy: "nearest",
    regions: new Map(),
    routerId: String(seed),
    random: () => random.next(),
  });
  const at: number[] = [];
  let last: string | undefined;
  for (const ping of history) {
    const pinged = edges[ping.edge];
    if (pinged === undefined) continue;
    const event = { kind: "answered", report: reportOf(pinged.id), rttMs: ping.rttMs } as const;
    pinged.health = nextHealth(pinged.health, event, ping.at);
    choice.update(edges, ping.at);
    const first = choice.choose(asked()).edges[0]?.id;
    // Until every edge has been measured, there is no choice.
    if (edges.some(({ health }) => health.kind !== "alive")) last = first;
    if (first !== last) at.push(ping.at);
    last = first;
  }
  return at;
}

describe("a router among edges as they are measured", () => {
  it("hardly ever changes between equal edges: once in ten minutes of round trips that vary by a fifth", () => {
    let changed = 0;
    for (let seed = 0; seed < 40; seed += 1) {
      changed += changes(
        seed,
        pings(seed, 600_000, () => [30, 30], 0.2),
      ).length;
    }
    expect(changed / 40).to.be.at.most(1);
  }).timeout(60_000);

  it("follows within two seconds, by one change, when the near one becomes far and the far one near", () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0, max: 250, noNaN: true }), (seed, phase) => {
        const stepAt = 10_000 + phase;
        const distances = (now: number) => (now < stepAt ? [5, 60] : [60, 5]);
        const changed = changes(seed, pings(seed, 15_000, distances, 0.1)).filter((at) => at > 5000);
        expect(changed).to.have.length(1);
        expect((changed[0] ?? 0) - stepAt).to.be.within(0, 2000);
      }),
    );
  }).timeout(60_000);
});
