import { expect } from "chai";
import fc from "fast-check";
import { isClearlyBetter } from "./hysteresis.ts";
import { stableOrder } from "./stable-order.ts";

const at = (expectedMs: number) => ({ expectedMs, noiseMs: 0 });
const items = fc.array(fc.double({ min: 0, max: 200, noNaN: true }).map(at), { maxLength: 12 });

describe("the standing order", () => {
  it("keeps two that have come to be about equal as they stood", () => {
    const [a, b] = [at(11), at(10)];
    expect(
      stableOrder(
        [b, a],
        new Map([
          [a, 0],
          [b, 1],
        ]),
      ),
    ).to.deep.equal([a, b]);
  });

  it("lets one pass that is clearly better", () => {
    const [a, b] = [at(20), at(10)];
    expect(
      stableOrder(
        [b, a],
        new Map([
          [a, 0],
          [b, 1],
        ]),
      ),
    ).to.deep.equal([b, a]);
  });

  it("takes newcomers in where they are clearly better than those behind them", () => {
    const [a, b, fresh] = [at(10), at(60), at(30)];
    expect(
      stableOrder(
        [a, fresh, b],
        new Map([
          [a, 0],
          [b, 1],
        ]),
      ),
    ).to.deep.equal([a, fresh, b]);
  });

  it("has every item once, and none clearly better than the one before it", () => {
    fc.assert(
      fc.property(items, fc.integer({ min: 0, max: 12 }), (all, known) => {
        const before = new Map(all.slice(0, known).map((item, place) => [item, place]));
        const ordered = stableOrder(all, before);
        expect(ordered).to.have.members(all);
        for (const [place, item] of ordered.slice(1).entries()) {
          expect(isClearlyBetter(item, ordered[place] ?? item)).to.equal(false);
        }
      }),
    );
  });
});
