import { expect } from "chai";
import fc from "fast-check";
import { ServerClock } from "./server-clock.ts";

// A wall clock is far from a monotonic one.
const AHEAD = 1_795_000_000_000;

describe("the clock of the server", () => {
  let clock: ServerClock;

  beforeEach(() => {
    clock = new ServerClock();
  });

  /** A reply at `now` of our clock that took `tookMs`; the server's clock is set `by` forward. */
  const observe = (now: number, by = 0, tookMs = 2) =>
    clock.observe(AHEAD + now + by - tookMs / 2, now - tookMs, now);

  it("is trusted for ever while it goes on as ours does", () => {
    for (let now = 250; now < 10_000; now += 250) {
      expect(observe(now)).to.deep.equal({ trustedForMs: Number.POSITIVE_INFINITY, hiddenMs: 0 });
    }
  });

  it("is trusted although its rate differs by 1 %", () => {
    for (let now = 250; now < 100_000; now += 250) {
      expect(observe(now, now * 0.0099).trustedForMs).to.equal(Number.POSITIVE_INFINITY);
    }
  });

  for (const [way, by] of [
    ["forward", 1],
    ["back", -1],
  ] as const) {
    it(`is trusted as of now when it is set ${way} by more than the margin, and not by less`, () => {
      observe(250);
      expect(observe(500, 95 * by).trustedForMs).to.equal(Number.POSITIVE_INFINITY);
      clock = new ServerClock();
      observe(250);
      expect(observe(500, 110 * by).trustedForMs).to.equal(0);
      expect(clock.steppedAt).to.equal(500);
      expect(observe(750, 110 * by).trustedForMs).to.equal(250);
    });
  }

  it("is not set by small steps that go unnoticed one by one", () => {
    observe(250);
    const trusted = [500, 750, 1_000].map((now, step) => observe(now, 60 * (step + 1)).trustedForMs);
    expect(trusted).to.deep.equal([Number.POSITIVE_INFINITY, 0, 250]);
  });

  it("may be ahead unnoticed by as much as a reply took", () => {
    observe(250);
    const { trustedForMs, hiddenMs } = observe(1_250, 400, 900);
    expect(trustedForMs).to.equal(Number.POSITIVE_INFINITY);
    expect(hiddenMs).to.be.at.least(400);
    expect(observe(1_500, 0).hiddenMs).to.equal(0);
  });

  it("never lets an age be told as longer than it is by more than the margin", () => {
    const step = fc.record({
      ms: fc.integer({ min: 1, max: 2_000 }),
      by: fc.oneof(fc.constant(0), fc.integer({ min: -5_000, max: 5_000 })),
      tookMs: fc.integer({ min: 0, max: 1_500 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
        clock = new ServerClock();
        observe(2_000, 0, 2);
        let [now, ahead] = [2_000, 0];
        // A row is written with the server's time at the last fast look, before anything happened.
        const writtenAt = { ours: now, servers: AHEAD + now };
        for (const { ms, by, tookMs } of steps) {
          now += ms + tookMs;
          ahead += by;
          const serverMs = AHEAD + now + ahead - tookMs / 2;
          const { trustedForMs, hiddenMs } = clock.observe(serverMs, now - tookMs, now);
          const told = Math.min(serverMs - writtenAt.servers - hiddenMs, trustedForMs);
          expect(told).to.be.at.most((now - writtenAt.ours) * 1.01 + 100);
        }
      }),
    );
  });
});
