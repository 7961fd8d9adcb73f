import { expect } from "chai";
import fc from "fast-check";
import type { EdgeHealth } from "./edge-health.ts";
import { type Candidate, pickEdges } from "./pick-edge.ts";
import type { EdgeState } from "./ping-reply.ts";

interface Named extends Candidate {
  readonly name: string;
}

function alive(name: string, smoothedMs: number, state: EdgeState = "serving", suspect = false): Named {
  const report = {
    edge: name,
    bootId: "b",
    state,
    position: { epoch: 1, seq: 0 },
    leaseLeftMs: 0,
    inFlight: 0,
    eventLoopDelayMs: 0,
    host: "127.0.0.1",
    httpPort: 1,
    publicUrl: undefined,
  };
  const roundTrip = { smoothedMs, variationMs: 0 };
  return { name, suspect, health: { kind: "alive", report, roundTrip, answeredAt: 0, missed: 0 } };
}

const dead: EdgeHealth = { kind: "dead", since: 0, why: "refused", report: undefined };
const fresh: EdgeHealth = { kind: "unmeasured", since: 0, missed: 0 };

const names = (candidates: readonly Named[]) => pickEdges(candidates).map(({ name }) => name);

const candidate: fc.Arbitrary<Named> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom<Named>({ name: "dead", suspect: false, health: dead }) },
  { weight: 1, arbitrary: fc.constantFrom<Named>({ name: "new", suspect: true, health: fresh }) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        fc.stringMatching(/^edge-[0-9]$/),
        fc.double({ min: 0, max: 500, noNaN: true }),
        fc.constantFrom<EdgeState>("serving", "lapsed", "draining"),
        fc.boolean(),
      )
      .map(([name, rtt, state, suspect]) => alive(name, rtt, state, suspect)),
  },
);

describe("pickEdges", () => {
  it("puts the lowest round-trip time first", () => {
    expect(names([alive("far", 60), alive("near", 5), alive("middle", 25)])).to.deep.equal([
      "near",
      "middle",
      "far",
    ]);
  });

  it("leaves out the dead and those that were never measured", () => {
    const gone: Named = { name: "gone", suspect: false, health: dead };
    const unknown: Named = { name: "unknown", suspect: false, health: fresh };
    expect(names([gone, alive("there", 60), unknown])).to.deep.equal(["there"]);
    expect(names([gone, unknown])).to.deep.equal([]);
  });

  it("prefers a far serving edge to a near one that is lapsed, and that to one that drains", () => {
    const edges = [alive("draining", 1, "draining"), alive("lapsed", 2, "lapsed"), alive("serving", 99)];
    expect(names(edges)).to.deep.equal(["serving", "lapsed", "draining"]);
  });

  it("tries a suspect edge after the others of its state, and before those of a lesser one", () => {
    const edges = [alive("suspect", 1, "serving", true), alive("lapsed", 1, "lapsed"), alive("sound", 50)];
    expect(names(edges)).to.deep.equal(["sound", "suspect", "lapsed"]);
  });

  it("orders edges of equal time by their id, however they come in", () => {
    expect(names([alive("b", 5), alive("a", 5)])).to.deep.equal(["a", "b"]);
    expect(names([alive("a", 5), alive("b", 5)])).to.deep.equal(["a", "b"]);
  });

  it("returns each living edge exactly once", () => {
    fc.assert(
      fc.property(fc.array(candidate), (candidates) => {
        const living = candidates.filter(({ health }) => health.kind === "alive");
        expect(pickEdges(candidates)).to.have.members(living);
      }),
    );
  });

  it("never puts an edge before one that is better in state, trust or time", () => {
    const rank = ({ health, suspect }: Named): [number, number, number] => {
      if (health.kind !== "alive") throw new Error("not alive");
      const state = ["serving", "lapsed", "draining"].indexOf(health.report.state);
      return [state, Number(suspect), health.roundTrip.smoothedMs];
    };
    fc.assert(
      fc.property(fc.array(candidate), (candidates) => {
        const ranks = pickEdges(candidates).map(rank);
        for (const [at, next] of ranks.slice(1).entries()) {
          const before = ranks[at] ?? next;
          const difference =
            [0, 1, 2].map((i) => (before[i] ?? 0) - (next[i] ?? 0)).find((d) => d !== 0) ?? 0;
          expect(difference).to.be.at.most(0);
        }
      }),
    );
  });

  it("does not depend on the order in which edges are known", () => {
    fc.assert(
      fc.property(fc.uniqueArray(candidate, { selector: ({ name }) => name }), (candidates) => {
        expect(names(candidates.toReversed())).to.deep.equal(names(candidates));
      }),
    );
  });
});
