import { expect } from "chai";
import fc from "fast-check";
import { PurgeRate } from "./rate-limit.ts";

describe("the rate of purges", () => {
  it("lets a second's worth pass at once, and then as many as time allows", () => {
    const rate = new PurgeRate(10, 0);
    for (let i = 0; i < 10; i += 1) expect(rate.take(0)).to.equal(0);
    expect(rate.take(0)).to.equal(100);
    expect(rate.take(99)).to.be.closeTo(1, 1e-6);
    expect(rate.take(101)).to.equal(0);
    expect(rate.take(101)).to.be.above(0);
  });

  it("does not count a call that it refuses", () => {
    const rate = new PurgeRate(1, 0);
    expect(rate.take(0)).to.equal(0);
    for (let i = 0; i < 100; i += 1) expect(rate.take(500)).to.equal(500);
    expect(rate.take(1_000)).to.equal(0);
  });

  it("never lets more than twice its rate pass in a second, and refuses for a time that is enough", () => {
    const steps = fc.array(fc.nat({ max: 300 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), steps, (perSecond, waits) => {
        const rate = new PurgeRate(perSecond, 0);
        const passed: number[] = [];
        let now = 0;
        for (const wait of waits) {
          now += wait;
          const left = rate.take(now);
          if (left === 0) passed.push(now);
          else expect(left).to.be.within(0, 1_000);
        }
        for (const from of passed) {
          const inOneSecond = passed.filter((at) => at >= from && at < from + 1_000).length;
          expect(inOneSecond).to.be.at.most(2 * perSecond);
        }
      }),
    );
  });
});
