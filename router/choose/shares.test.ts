import { expect } from "chai";
import fc from "fast-check";
import { MARGINS } from "./hysteresis.ts";
import { type Holding, moveShares } from "./shares.ts";

const PACE = { elapsedMs: 250, isCautious: false, margins: MARGINS };
const calm = (share: number, expectedMs: number, pathChanged = false): Holding => ({
  share,
  expectedMs,
  noiseMs: 0,
  measured: { pathMs: expectedMs, pathChanged },
  load: { isLoaded: false },
});
const loaded = (share: number, expectedMs: number, pathMs: number, pathChanged = false): Holding => ({
  ...calm(share, expectedMs),
  measured: { pathMs, pathChanged },
  load: { isLoaded: true },
});
const moved = (holdings: readonly Holding[], elapsedMs = PACE.elapsedMs) =>
  moveShares(holdings, { ...PACE, elapsedMs }).map(({ share }) => Number(share.toFixed(6)));

describe("the shares of a router's requests", () => {
  it("return to the primary at once from an edge that is farther away, loaded or not", () => {
    expect(moved([calm(0, 10), calm(1, 60)])).to.deep.equal([1, 0]);
    expect(moved([calm(0, 10), loaded(1, 90, 60)])).to.deep.equal([1, 0]);
  });

  it("leave a loaded edge at half of them a second, when the gain is 100 %", () => {
    expect(moved([calm(0, 20), loaded(1, 40, 5)])).to.deep.equal([0.125, 0.875]);
    expect(moved([calm(0, 20), loaded(1, 400, 5)])).to.deep.equal([0.125, 0.875]);
  });

  it("leave a loaded edge in proportion to a smaller gain", () => {
    expect(moved([calm(0, 20), loaded(1, 25, 5)])).to.deep.equal([0.03125, 0.96875]);
  });

  it("go to the one with the least expected time, also when that is not the primary", () => {
    expect(moved([loaded(0.5, 80, 5), loaded(0.5, 40, 5), calm(0, 20)])).to.deep.equal([
      0.4375, 0.4375, 0.125,
    ]);
  });

  it("return by parts to an edge that has been loaded lately", () => {
    expect(moved([loaded(0, 5, 5), calm(1, 20)])).to.deep.equal([0.125, 0.875]);
    expect(moved([calm(0, 5), calm(1, 20)])).to.deep.equal([1, 0]);
  });

  it("go at once to an edge that has been loaded lately, too, when a way has just become another one", () => {
    expect(moved([loaded(0, 5, 5), calm(1, 20, true)])).to.deep.equal([1, 0]);
    expect(moved([loaded(0, 5, 5, true), calm(1, 20)])).to.deep.equal([1, 0]);
  });

  it("move by parts while edges have just taken over what another one held", () => {
    const wary = moveShares([calm(0, 10), calm(1, 60)], { ...PACE, isCautious: true });
    expect(wary.map(({ share }) => share)).to.deep.equal([0.125, 0.875]);
  });

  it("stay where they are when load is nearly even", () => {
    expect(moved([loaded(0.6, 20, 5), calm(0.4, 21)])).to.deep.equal([0.6, 0.4]);
  });

  it("gather at the primary within half a minute when nothing is loaded", () => {
    expect(moved([calm(0.6, 20), calm(0.4, 21)])).to.deep.equal([0.61, 0.39]);
    expect(moved([calm(0, 20), calm(1, 21)], 25_000)).to.deep.equal([1, 0]);
  });

  it("leave no tail behind", () => {
    expect(moved([calm(0.99, 20), loaded(0.01, 40, 5)], 100)).to.deep.equal([0.995, 0.005]);
    expect(moved([calm(0.99, 20), loaded(0.01, 40, 5)], 200)).to.deep.equal([1, 0]);
  });

  it("always add up to the whole, and none is negative", () => {
    const holding: fc.Arbitrary<Holding> = fc.record({
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      expectedMs: fc.double({ min: 0.1, max: 500, noNaN: true }),
      noiseMs: fc.double({ min: 0, max: 20, noNaN: true }),
      measured: fc.record({
        pathMs: fc.double({ min: 0.1, max: 500, noNaN: true }),
        pathChanged: fc.boolean(),
      }),
      load: fc.record({ isLoaded: fc.boolean() }),
    });
    fc.assert(
      fc.property(
        fc.array(holding, { minLength: 1, maxLength: 8 }),
        fc.nat({ max: 60_000 }),
        (all, elapsedMs) => {
          const after = moveShares(all, { ...PACE, elapsedMs });
          const sum = (list: readonly Holding[]) => list.reduce((total, { share }) => total + share, 0);
          expect(sum(after)).to.be.closeTo(sum(all), 1e-9);
          for (const { share } of after) expect(share).to.be.at.least(0);
        },
      ),
    );
  });
});
