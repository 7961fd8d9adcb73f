import { expect } from "chai";
import fc from "fast-check";
import { hashText } from "../../http/message/rendezvous.ts";
import { type Seen, SeenEdge } from "../../test/rig/choosable-edge.ts";
import type { EdgeState } from "../measure/ping-reply.ts";
import { type Candidate, candidateOf } from "./candidate.ts";
import { isClearlyBetter } from "./hysteresis.ts";
import { type RankedFor, type Ranking, rank } from "./ranking.ts";

const WHO: RankedFor = { routerHash: hashText("router"), draw: 0.5, region: undefined };
// Longer than any router hesitates.
const LATER_MS = 500;

const candidatesOf = (edges: readonly SeenEdge[], now: number): Candidate<SeenEdge>[] =>
  edges.flatMap((edge) => candidateOf(edge, now) ?? []);
const ranked = (edges: readonly SeenEdge[], before?: Ranking<SeenEdge>, now = 1_000_000, who = WHO) =>
  rank(candidatesOf(edges, now), before, now, who);
const names = ({ ranked: all }: Ranking<SeenEdge>) => all.map(({ id }) => id);
const shares = ({ ranked: all }: Ranking<SeenEdge>) =>
  Object.fromEntries(all.map(({ id, share }) => [id, Number(share.toFixed(6))]));

const edge = (id: string, rttMs: number, seen: Partial<Seen> = {}) => new SeenEdge(id, { rttMs, ...seen });

const seen: fc.Arbitrary<Seen> = fc.record({
  rttMs: fc.double({ min: 0, max: 500, noNaN: true }),
  variationMs: fc.double({ min: 0, max: 20, noNaN: true }),
  state: fc.constantFrom<EdgeState>("serving", "lapsed", "draining"),
  eventLoopDelayMs: fc.double({ min: 0, max: 200, noNaN: true }),
  inFlight: fc.nat({ max: 5000 }),
  ejectedUntil: fc.constantFrom(0, 2_000_000),
  freshSince: fc.constantFrom(undefined, 999_000),
});
const fleet = fc.array(fc.tuple(seen, fc.boolean()), { maxLength: 8 }).map((all) =>
  all.map(([each, isDead], at) => {
    const made = new SeenEdge(`edge-${at}`, each);
    if (isDead) made.dies();
    return made;
  }),
);
const stateOf = ({ health }: SeenEdge) => (health.kind === "alive" ? health.report.state : "dead");

describe("the ranking of edges", () => {
  it("puts the lowest expected time first", () => {
    expect(names(ranked([edge("far", 60), edge("near", 5), edge("middle", 25)]))).to.deep.equal([
      "near",
      "middle",
      "far",
    ]);
  });

  it("leaves out the dead", () => {
    const dead = edge("dead", 1);
    dead.dies();
    expect(names(ranked([dead, edge("there", 60)]))).to.deep.equal(["there"]);
    expect(names(ranked([dead]))).to.deep.equal([]);
  });

  it("prefers a far serving edge to a near one that is lapsed, and that to one that drains", () => {
    const edges = [
      edge("draining", 1, { state: "draining" }),
      edge("lapsed", 2, { state: "lapsed" }),
      edge("serving", 99),
    ];
    expect(names(ranked(edges))).to.deep.equal(["serving", "lapsed", "draining"]);
  });

  it("puts an ejected edge behind the others of its state, before those of a lesser one", () => {
    const edges = [
      edge("ejected", 1, { ejectedUntil: 2_000_000 }),
      edge("lapsed", 1, { state: "lapsed" }),
      edge("sound", 50),
    ];
    expect(names(ranked(edges))).to.deep.equal(["sound", "ejected", "lapsed"]);
  });

  it("never ejects the last edges: those whose time ends first stay", () => {
    const edges = [
      edge("a", 1, { ejectedUntil: 2_000_000 }),
      edge("b", 9, { ejectedUntil: 1_500_000 }),
      edge("c", 5, { ejectedUntil: 1_800_000 }),
    ];
    expect(names(ranked(edges))).to.deep.equal(["b", "a", "c"]);
    expect(names(ranked([edge("only", 1, { ejectedUntil: 2_000_000 })]))).to.deep.equal(["only"]);
  });

  it("puts the edges of the region first, but no lapsed one before a serving one elsewhere", () => {
    const who = { ...WHO, region: new Set(["eu-1", "eu-2"]) };
    const near = edge("us-1", 5);
    expect(names(ranked([near, edge("eu-1", 90), edge("eu-2", 80)], undefined, 0, who))).to.deep.equal([
      "eu-2",
      "eu-1",
      "us-1",
    ]);
    expect(names(ranked([near, edge("eu-1", 90, { state: "lapsed" })], undefined, 0, who))).to.deep.equal([
      "us-1",
      "eu-1",
    ]);
  });

  it("stays at an edge until another is clearly better, and then hesitates for less than half a second", () => {
    const [a, b] = [edge("a", 20), edge("b", 25)];
    const first = ranked([a, b], undefined, 0);
    b.becomes({ rttMs: 17 });
    const second = ranked([a, b], first, 250);
    expect(names(second)).to.deep.equal(["a", "b"]);
    b.becomes({ rttMs: 10 });
    const third = ranked([a, b], second, 500);
    const fourth = ranked([a, b], third, 500 + LATER_MS);
    expect(names(fourth)).to.deep.equal(["b", "a"]);
    expect(shares(fourth)).to.deep.equal({ a: 0, b: 1 });
  });

  it("stays when the doubt has passed before the hesitation was over", () => {
    const [a, b] = [edge("a", 20), edge("b", 25)];
    let ranking = ranked([a, b], undefined, 0);
    for (let now = 250; now < 5000; now += 500) {
      b.becomes({ rttMs: 10 });
      ranking = ranked([a, b], ranking, now);
      b.becomes({ rttMs: 25 });
      ranking = ranked([a, b], ranking, now + 1);
    }
    expect(shares(ranking)).to.deep.equal({ a: 1, b: 0 });
  });

  it("spreads what a busy edge held that has died, and gathers it where there is room", () => {
    const [gone, near, far] = [edge("gone", 5, { isBusy: true }), edge("near", 20), edge("far", 40)];
    const before = ranked([gone, near, far]);
    gone.dies();
    const after = ranked([gone, near, far], before, 1_000_000 + LATER_MS);
    // 0.8 and 0.2, of which half a second has moved a part.
    expect(shares(after)).to.deep.equal({ near: 0.85, far: 0.15 });
    const later = ranked([gone, near, far], after, 1_000_000 + 10_000);
    expect(shares(later)).to.deep.equal({ near: 1, far: 0 });
  });

  it("gives the nearest what an edge with few requests held", () => {
    const [gone, near, far] = [edge("gone", 5), edge("near", 20), edge("far", 40)];
    const before = ranked([gone, near, far]);
    gone.dies();
    expect(shares(ranked([gone, near, far], before, 1_000_000))).to.deep.equal({ near: 1, far: 0 });
  });

  it("draws who comes second after a busy edge, and keeps the order after another one", () => {
    const secondAfter = (isBusy: boolean, draw: number) => {
      const edges = [edge("primary", 5, { isBusy }), edge("near", 20), edge("far", 40)];
      const { leads } = ranked(edges, undefined, 1_000_000, { ...WHO, draw });
      return leads[0]?.choice.edges.map(({ id }) => id);
    };
    expect(secondAfter(true, 0.5)).to.deep.equal(["primary", "near", "far"]);
    expect(secondAfter(true, 0.9)).to.deep.equal(["primary", "far", "near"]);
    expect(secondAfter(false, 0.9)).to.deep.equal(["primary", "near", "far"]);
  });

  it("leaves an edge at once that is not serving any more, dead, or ejected", () => {
    for (const leave of [
      (a: SeenEdge) => a.becomes({ rttMs: 5, state: "draining" }),
      (a: SeenEdge) => a.dies(),
      (a: SeenEdge) => a.becomes({ rttMs: 5, ejectedUntil: 2_000_000 }),
    ]) {
      const [a, b] = [edge("a", 5), edge("b", 90)];
      const before = ranked([a, b]);
      expect(before.ranked[0]?.id).to.equal("a");
      leave(a);
      const now = ranked([a, b], before);
      expect(now.leads.map(({ choice }) => choice.edges[0]?.id)).to.deep.equal(["b"]);
    }
  });

  it("moves from a loaded edge by small shares", () => {
    const [near, other] = [edge("near", 5), edge("other", 30)];
    let ranking = ranked([near, other], undefined, 0);
    near.becomes({ rttMs: 60, baseRttMs: 5, eventLoopDelayMs: 40, loadedUntil: 100_000 });
    for (let now = 250; now <= 2500; now += 250) ranking = ranked([near, other], ranking, now);
    expect(ranking.ranked.find(({ id }) => id === "other")?.share).to.be.within(0.3, 0.9);
    expect(ranking.leads).to.have.length(2);
  });

  it("lets an edge that starts slowly have a part of its requests while another is about as near", () => {
    const [fresh, other] = [edge("fresh", 5, { freshSince: 999_000 }), edge("other", 12)];
    const { leads } = ranked([fresh, other]);
    expect(
      leads.map(({ upTo, choice }) => [Number(upTo.toFixed(6)), choice.edges[0]?.id, choice.reason]),
    ).to.deep.equal([
      [0.28, "fresh", "nearest"],
      [1, "other", "slow-start"],
    ]);
    expect(ranked([fresh, edge("far", 90)]).leads).to.have.length(1);
    expect(ranked([fresh]).leads).to.have.length(1);
  });

  it("breaks ties in as many ways as there are routers", () => {
    const edges = [edge("a", 10), edge("b", 10.2), edge("c", 10.4), edge("d", 30)];
    const counts: Record<string, number> = {};
    for (let router = 0; router < 1000; router += 1) {
      const [primary = ""] = names(
        ranked(edges, undefined, 0, { ...WHO, routerHash: hashText(`router ${router}`) }),
      );
      counts[primary] = (counts[primary] ?? 0) + 1;
    }
    expect(Object.keys(counts)).to.have.members(["a", "b", "c"]);
    for (const count of Object.values(counts)) expect(count).to.be.within(250, 420);
  });

  it("says why", () => {
    const reason = ({ leads }: Ranking<SeenEdge>) => leads[0]?.choice.reason;
    expect(reason(ranked([edge("a", 5)]))).to.equal("only");
    expect(reason(ranked([edge("a", 5), edge("b", 50)]))).to.equal("nearest");
    expect(reason(ranked([edge("a", 5, { state: "lapsed" }), edge("b", 50, { state: "lapsed" })]))).to.equal(
      "none-serving",
    );
    const who = { ...WHO, region: new Set(["b"]) };
    expect(reason(ranked([edge("a", 5), edge("b", 50)], undefined, 0, who))).to.equal("in-region");
    const [a, b] = [edge("a", 10), edge("b", 50)];
    const before = ranked([a, b]);
    b.becomes({ rttMs: 9 });
    expect(reason(ranked([a, b], before))).to.equal("near-enough");
  });

  it("tries every living edge exactly once, whoever begins", () => {
    fc.assert(
      fc.property(fleet, fc.array(seen), (edges, changes) => {
        const before = ranked(edges, undefined, 999_000);
        for (const [at, change] of changes.entries()) edges[at]?.becomes(change);
        const living = edges.filter(({ health }) => health.kind === "alive");
        for (const { choice } of ranked(edges, before).leads) {
          expect(choice.edges).to.have.length(living.length);
          expect(choice.edges).to.have.members(living);
        }
      }),
    );
  });

  it("never puts a lapsed or draining edge before a serving one", () => {
    fc.assert(
      fc.property(fleet, (edges) => {
        for (const { choice } of ranked(edges).leads) {
          const order = choice.edges.map((each) => ["serving", "lapsed", "draining"].indexOf(stateOf(each)));
          expect(order).to.deep.equal(order.toSorted());
        }
      }),
    );
  });

  it("never stays where another peer has been clearly better for long", () => {
    fc.assert(
      fc.property(fleet, (edges) => {
        let ranking = ranked(edges, undefined, 1_000_000);
        for (const now of [1_000_250, 1_000_500, 1_001_000]) ranking = ranked(edges, ranking, now);
        const [primary] = ranking.ranked;
        for (const each of ranking.ranked.slice(0, ranking.peers)) {
          expect(primary !== undefined && isClearlyBetter(each, primary)).to.equal(false);
        }
      }),
    );
  });

  it("shares out all requests, always", () => {
    fc.assert(
      fc.property(fleet, fc.array(seen, { maxLength: 8 }), (edges, changes) => {
        let ranking = ranked(edges, undefined, 1_000_000);
        for (const [at, change] of changes.entries()) {
          edges[at % Math.max(1, edges.length)]?.becomes(change);
          ranking = ranked(edges, ranking, 1_000_000 + at * 250);
        }
        const living = edges.filter(({ health }) => health.kind === "alive");
        const sum = ranking.ranked.reduce((total, { share }) => total + share, 0);
        expect(sum).to.be.closeTo(living.length === 0 ? 0 : 1, 1e-9);
        expect(ranking.leads.at(-1)?.upTo).to.equal(living.length === 0 ? undefined : 1);
      }),
    );
  });
});
