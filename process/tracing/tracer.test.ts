import { expect } from "chai";
import { ManualClock } from "../../test/rig/manual-clock.ts";
import type { FinishedSpan } from "./span.ts";
import { type Span, startPart, Tracer } from "./tracer.ts";

const BEGIN = Date.UTC(2026, 0, 1);

describe("Tracer", () => {
  let clock: ManualClock;
  let taken: (readonly FinishedSpan[])[];
  beforeEach(() => {
    clock = new ManualClock(BEGIN);
    taken = [];
  });
  const tracer = (sample = 1, random = () => 0.5) =>
    new Tracer({ clock, random, sample, take: (spans) => taken.push(spans) });

  it("records by chance where a trace begins, and as its parent elsewhere", () => {
    const parent = tracer().start("a", undefined).context;
    for (const [sample, samples] of [
      [0, false],
      [0.5, false],
      [0.51, true],
      [1, true],
    ] as const) {
      expect(tracer(sample).samples(undefined), String(sample)).to.equal(samples);
      expect(tracer(sample).samples(parent)).to.equal(true);
      expect(tracer(sample).samples({ ...parent, sampled: false })).to.equal(false);
    }
  });

  it("names what is not recorded in the same trace", () => {
    const it = tracer();
    const parent = { ...it.start("a", undefined).context, sampled: false };
    const next = it.unsampled(parent);
    expect([next.traceId, next.sampled]).to.deep.equal([parent.traceId, false]);
    expect(startPart(it, next, "part")).to.equal(undefined);
    expect(startPart(undefined, { ...next, sampled: true }, "part")).to.equal(undefined);
  });

  it("hands spans over together: 50 of them, or after 100 ms", async () => {
    const it = tracer();
    for (let n = 0; n < 49; n++) it.start("a", undefined).end();
    expect(taken).to.have.length(0);
    it.start("a", undefined).end();
    expect(taken.map(({ length }) => length)).to.deep.equal([50]);
    it.start("a", undefined).end();
    clock.advance(100);
    await new Promise(setImmediate);
    expect(taken.map(({ length }) => length)).to.deep.equal([50, 1]);
    it.start("a", undefined).end();
    it.close();
    expect(taken.map(({ length }) => length)).to.deep.equal([50, 1, 1]);
  });

  it("ends a span once, with what is known by then", () => {
    const it = tracer();
    clock.advance(10);
    const span: Span = it.start("a", undefined, { kind: "client", attributes: { a: 1, b: 1 } });
    clock.advance(5);
    span.event("half", { c: 1 });
    span.set({ b: 2 });
    clock.advance(5);
    span.end("late");
    span.end();
    it.close();
    expect(taken.flat()).to.deep.equal([
      {
        name: "a",
        kind: "client",
        context: span.context,
        parent: undefined,
        links: [],
        began: BEGIN + 10,
        ended: BEGIN + 20,
        attributes: { a: 1, b: 2, "error.type": "late" },
        events: [{ name: "half", at: BEGIN + 15, attributes: { c: 1 } }],
        error: "late",
      },
    ]);
  });

  it("begins a span earlier, where its beginning is known only now", () => {
    const it = tracer();
    clock.advance(10);
    it.start("a", undefined, { at: 4 }).end();
    it.close();
    expect(taken.flat().map(({ began, ended }) => [began - BEGIN, ended - BEGIN])).to.deep.equal([[4, 10]]);
  });

  it("has spans in order while the wall clock wavers, and follows it when it is set", () => {
    const it = tracer();
    clock.setWall(-50);
    expect(it.wallOf(0)).to.equal(BEGIN);
    clock.setWall(-1);
    expect(it.wallOf(0)).to.equal(BEGIN - 51);
  });
});
