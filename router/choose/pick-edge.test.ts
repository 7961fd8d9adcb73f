import { expect } from "chai";
import fc from "fast-check";
import { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { type Seen, SeenEdge } from "../../test/rig/choosable-edge.ts";
import type { EdgeState } from "../measure/ping-reply.ts";
import { candidateOf } from "./candidate.ts";
import { type Policy, pickEdge } from "./pick-edge.ts";
import { type Ranking, rank } from "./ranking.ts";

const edge = (id: string, rttMs: number, seen: Partial<Seen> = {}) => new SeenEdge(id, { rttMs, ...seen });
const rankingOf = (edges: readonly SeenEdge[], before?: Ranking<SeenEdge>, now = 0) =>
  rank(
    edges.flatMap((each) => candidateOf(each, now) ?? []),
    before,
    now,
    { routerHash: 1, draw: 0, region: undefined },
  );
const asked = (target = "/") => ({ method: "GET", host: "site.example", target, region: undefined });

/** Which edges come first, of so many requests. */
function firsts(policy: Policy, edges: readonly SeenEdge[], targets: readonly string[]): Map<string, number> {
  const ranking = rankingOf(edges);
  const random = new SeededRandom(1);
  const counts = new Map<string, number>();
  for (const target of targets) {
    const id = pickEdge(policy, ranking, asked(target), () => random.next()).edges[0]?.id ?? "none";
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

const same = Array.from({ length: 1000 }, () => "/");
const many = Array.from({ length: 3000 }, (_, at) => `/page-${at}`);
const equal = (count: number) => Array.from({ length: count }, (_, at) => edge(`edge-${at + 1}`, 20));

const policy = fc.constantFrom<Policy>("nearest", "balanced", "owner");
const fleet = fc
  .array(
    fc.tuple(
      fc.double({ min: 0, max: 300, noNaN: true }),
      fc.constantFrom<EdgeState>("serving", "lapsed", "draining"),
      fc.nat({ max: 200 }),
      fc.boolean(),
      fc.constantFrom(undefined, -1000),
    ),
    { maxLength: 8 },
  )
  .map((all) =>
    all.map(([rttMs, state, underWay, isEjected, freshSince], at) => {
      const ejected = isEjected ? { ejectedUntil: 1000 } : {};
      return edge(`edge-${at}`, rttMs, { state, underWay, freshSince, ...ejected });
    }),
  );
const stateOf = ({ health }: SeenEdge) => (health.kind === "alive" ? health.report.state : "dead");

describe("every policy", () => {
  it("tries each living edge exactly once, serving before lapsed before draining", () => {
    fc.assert(
      fc.property(policy, fleet, fc.string(), fc.nat(), (chosen, edges, target, seed) => {
        const random = new SeededRandom(seed);
        const choice = pickEdge(chosen, rankingOf(edges), asked(target), () => random.next());
        expect(choice.edges).to.have.length(edges.length);
        expect(choice.edges).to.have.members(edges);
        const order = choice.edges.map((each) => ["serving", "lapsed", "draining"].indexOf(stateOf(each)));
        expect(order).to.deep.equal(order.toSorted());
      }),
    );
  });

  it("says so when there is no edge", () => {
    for (const each of ["nearest", "balanced", "owner"] as const) {
      expect(pickEdge(each, rankingOf([]), asked(), Math.random)).to.deep.equal({
        edges: [],
        reason: "no-edge",
      });
    }
  });
});

describe("policy nearest", () => {
  it("sends every request to the nearest", () => {
    expect(firsts("nearest", [edge("far", 60), edge("near", 5)], same)).to.deep.equal(
      new Map([["near", 1000]]),
    );
  });

  it("keeps to one of two equal edges while the other is drawn level, ahead and back", () => {
    const [a, b] = [edge("a", 20), edge("b", 20)];
    let ranking = rankingOf([a, b]);
    const [primary] = ranking.ranked;
    const random = new SeededRandom(7);
    for (let now = 250; now < 600_000; now += 250) {
      for (const each of [a, b]) each.becomes({ rttMs: random.between(18, 22), variationMs: 1 });
      ranking = rankingOf([a, b], ranking, now);
      expect(ranking.ranked[0]?.id).to.equal(primary?.id);
    }
  });
});

describe("policy balanced", () => {
  it("spreads over edges about as near, and leaves far ones alone", () => {
    const counts = firsts("balanced", [...equal(3), edge("far", 200)], same);
    expect([...counts.keys()]).to.have.members(["edge-1", "edge-2", "edge-3"]);
    for (const count of counts.values()) expect(count).to.be.within(280, 390);
  });

  it("takes the less loaded of two", () => {
    const counts = firsts("balanced", [edge("busy", 20, { underWay: 50 }), edge("idle", 20)], same);
    expect(counts).to.deep.equal(new Map([["idle", 1000]]));
  });

  it("never takes the most loaded of several", () => {
    const edges = [
      edge("a", 20, { underWay: 3 }),
      edge("b", 20, { underWay: 9 }),
      edge("c", 20, { underWay: 5 }),
    ];
    expect(firsts("balanced", edges, same).has("b")).to.equal(false);
  });
});

describe("policy owner", () => {
  it("sends one key always to the same edge, and spreads keys evenly", () => {
    expect(firsts("owner", equal(4), same).size).to.equal(1);
    for (const count of firsts("owner", equal(4), many).values()) expect(count).to.be.within(650, 850);
  });

  it("takes the clearly nearer of the two owners", () => {
    const counts = firsts("owner", [edge("near", 5), edge("far", 90), edge("farther", 200)], many);
    // Two thirds of the keys have the near one among their owners.
    expect(counts.get("near")).to.be.within(1850, 2150);
    expect(counts.get("far")).to.be.within(850, 1150);
    expect(counts.get("farther")).to.equal(undefined);
  });

  it("does not care how the host is written", () => {
    const ranking = rankingOf(equal(5));
    for (const target of many.slice(0, 50)) {
      const small = pickEdge("owner", ranking, asked(target), Math.random).edges;
      const large = pickEdge("owner", ranking, { ...asked(target), host: "SITE.Example" }, Math.random).edges;
      expect(large).to.deep.equal(small);
    }
  });

  it("moves at most its share of the keys to an edge that joins, and none between the others", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 7 }), (count) => {
        const before = rankingOf(equal(count));
        const after = rankingOf(equal(count + 1));
        const moved = many.filter((target) => {
          const [old] = pickEdge("owner", before, asked(target), Math.random).edges;
          const [now] = pickEdge("owner", after, asked(target), Math.random).edges;
          if (now?.id !== `edge-${count + 1}`) expect(now?.id).to.equal(old?.id);
          return now?.id !== old?.id;
        });
        // Its share, and four deviations of a share of 3,000.
        const share = 1 / (count + 1);
        expect(moved.length / many.length).to.be.at.most(
          share + 4 * Math.sqrt((share * (1 - share)) / many.length),
        );
      }),
      { numRuns: 6 },
    );
  });

  it("keeps every other key where it was when an edge goes", () => {
    const all = equal(5);
    const before = rankingOf(all);
    const after = rankingOf(all.slice(1));
    for (const target of many) {
      const [old] = pickEdge("owner", before, asked(target), Math.random).edges;
      const [now] = pickEdge("owner", after, asked(target), Math.random).edges;
      if (old?.id !== "edge-1") expect(now?.id).to.equal(old?.id);
    }
  });

  it("tries the other owner next", () => {
    const [one, two] = [equal(5), equal(5)];
    const [first, second] = pickEdge("owner", rankingOf(one), asked("/hot"), Math.random).edges;
    const without = two.filter(({ id }) => id !== first?.id);
    expect(pickEdge("owner", rankingOf(without), asked("/hot"), Math.random).edges[0]?.id).to.equal(
      second?.id,
    );
  });

  it("spreads a hot key when its owners have more than their part", () => {
    const edges = equal(5);
    const ranking = rankingOf(edges);
    const reasons = new Set<string>();
    // 200 requests for one key, none of which ends.
    for (let i = 0; i < 200; i += 1) {
      const { edges: order, reason } = pickEdge("owner", ranking, asked("/hot"), Math.random);
      reasons.add(reason);
      const [first] = order;
      if (first !== undefined) first.traffic.inFlight += 1;
    }
    expect([...reasons]).to.have.members(["owner", "owners-full"]);
    for (const { traffic } of edges) expect(traffic.inFlight).to.be.at.most(1 + (1.25 * 200) / 5);
  });
});
