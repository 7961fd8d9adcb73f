import { expect } from "chai";
import fc from "fast-check";
import { type Moment, nextTurn, RefillLane } from "./refill-schedule.ts";

const MOMENT: Moment = { now: 10_000, lastAskedAt: undefined, leased: true, hasRoom: () => true };

function laneOf(usesById: Readonly<Record<string, number>>, pace = 50): RefillLane {
  const lane = new RefillLane();
  for (const [id, uses] of Object.entries(usesById)) lane.queue.add({ id, key: id, uses, pace, failures: 0 });
  return lane;
}

/** What is asked for, or the turn when nothing is. */
function turnOf(lanes: Readonly<Record<string, RefillLane>>, moment: Partial<Moment> = {}): unknown {
  const turn = nextTurn(new Map(Object.entries(lanes)), { ...MOMENT, ...moment });
  return turn.kind === "ask" ? `${turn.site} ${turn.entry.id}` : turn;
}

describe("the next turn of a refill", () => {
  it("is the most used of all sites", () => {
    const lanes = { shop: laneOf({ a: 2, b: 1 }), blog: laneOf({ c: 3, d: 2 }) };
    expect(turnOf(lanes)).to.equal("blog c");
    lanes.blog.queue.remove("c");
    lanes.blog.queue.remove("d");
    expect(turnOf(lanes)).to.equal("shop a");
  });

  it("is none when nothing waits", () => {
    expect(turnOf({})).to.deep.equal({ kind: "done" });
    expect(turnOf({ shop: laneOf({}) })).to.deep.equal({ kind: "done" });
  });

  it("comes no sooner after the last than the slowest pace of all sites allows", () => {
    const lanes = { shop: laneOf({ a: 1 }, 100), blog: laneOf({ b: 2 }, 4) };
    expect(turnOf(lanes, { lastAskedAt: 9_900 })).to.deep.equal({ kind: "wait", ms: 150 });
    expect(turnOf(lanes, { lastAskedAt: 9_750 })).to.equal("blog b");
    lanes.blog.queue.remove("b");
    expect(turnOf(lanes, { lastAskedAt: 9_995 })).to.deep.equal({ kind: "wait", ms: 5 });
  });

  it("waits while the edge is without its lease", () => {
    expect(turnOf({ shop: laneOf({ a: 1 }) }, { leased: false })).to.deep.equal({ kind: "wait", ms: 250 });
  });

  it("is another site's while an origin is in trouble or busy with clients", () => {
    const lanes = { shop: laneOf({ a: 9 }), blog: laneOf({ b: 1 }) };
    expect(turnOf(lanes, { hasRoom: (site) => site === "blog" })).to.equal("blog b");
    lanes.shop.started();
    lanes.shop.failed(10_000);
    expect(turnOf(lanes)).to.equal("blog b");
    lanes.blog.queue.remove("b");
    expect(turnOf(lanes)).to.deep.equal({ kind: "wait", ms: 1_000 });
    expect(turnOf(lanes, { now: 11_000 })).to.equal("shop a");
    expect(turnOf(lanes, { now: 11_000, hasRoom: () => false })).to.deep.equal({ kind: "wait", ms: 20 });
  });

  it("lets no second have more requests than the pace, however late and in what bursts it is looked for", () => {
    const pace = fc.integer({ min: 1, max: 1_000 });
    // Between two looks: as told to wait, or later, as a busy machine does.
    const lateness = fc.array(fc.oneof(fc.constant(0), fc.nat(5), fc.nat(3_000)), {
      minLength: 1,
      maxLength: 50,
    });
    fc.assert(
      fc.property(pace, lateness, (perSecond, late) => {
        const ids = Array.from({ length: 300 }, (_, i) => [`${i}`, i]);
        const lanes = new Map([["shop", laneOf(Object.fromEntries(ids), perSecond)]]);
        const asked: number[] = [];
        for (let now = 0, i = 0; ; i += 1) {
          const turn = nextTurn(lanes, { ...MOMENT, now, lastAskedAt: asked.at(-1) });
          if (turn.kind === "done") break;
          if (turn.kind === "ask") {
            asked.push(now);
            turn.lane.queue.remove(turn.entry.id);
          } else now += Math.ceil(turn.ms) + (late[i % late.length] ?? 0);
        }
        expect(asked).to.have.length(300);
        for (const [i, at] of asked.entries()) {
          expect((asked[i + perSecond] ?? Number.POSITIVE_INFINITY) - at).to.be.at.least(1_000);
        }
      }),
    );
  });
});

describe("the refill of a site", () => {
  let lane: RefillLane;

  beforeEach(() => {
    lane = new RefillLane();
  });

  const start = (count: number) => {
    for (let i = 0; i < count; i += 1) lane.started();
  };

  it("asks for 16 at a time, half of what its origin is asked to validate at once", () => {
    start(15);
    expect(lane.restMs(0)).to.equal(0);
    start(1);
    expect(lane.restMs(0)).to.equal(undefined);
    lane.answered();
    expect(lane.restMs(0)).to.equal(0);
  });

  it("leaves an origin in trouble alone, twice as long each time, a minute at most", () => {
    const rests: (number | undefined)[] = [];
    for (let now = 0, i = 0; i < 8; i += 1) {
      lane.started();
      lane.failed(now);
      rests.push(lane.restMs(now));
      now += lane.restMs(now) ?? 0;
    }
    expect(rests).to.deep.equal([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  it("asks for one after a rest, and for more once that was answered", () => {
    start(1);
    lane.failed(0);
    expect(lane.restMs(999)).to.equal(1);
    expect(lane.restMs(1_000)).to.equal(0);
    start(1);
    expect(lane.restMs(1_000)).to.equal(undefined);
    lane.answered();
    start(15);
    expect(lane.restMs(1_000)).to.equal(0);
  });

  it("counts failures of requests that went out together as one", () => {
    start(5);
    for (const now of [10, 20, 30, 40, 50]) lane.failed(now);
    expect(lane.restMs(50)).to.equal(960);
  });
});
