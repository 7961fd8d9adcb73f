import { expect } from "chai";
import fc from "fast-check";
import { drawHeir, isCautious, takeOver } from "./take-over.ts";

const shares = (held: readonly { expectedMs: number; share: number }[], left: number) =>
  takeOver(held, left).map(({ share }) => Number(share.toFixed(6)));

describe("what an edge held that is gone", () => {
  it("goes to those that are left, a quarter as much to one that takes twice as long", () => {
    const held = [
      { expectedMs: 20, share: 0 },
      { expectedMs: 40, share: 0 },
    ];
    expect(shares(held, 1)).to.deep.equal([0.8, 0.2]);
  });

  it("comes on top of what they hold", () => {
    const held = [
      { expectedMs: 30, share: 0.4 },
      { expectedMs: 30, share: 0.1 },
    ];
    expect(shares(held, 0.5)).to.deep.equal([0.65, 0.35]);
  });

  it("is neither lost nor made more", () => {
    const held = fc.record({
      expectedMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
      share: fc.constant(0),
    });
    fc.assert(
      fc.property(
        fc.array(held, { minLength: 1, maxLength: 8 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (all, left) => {
          const sum = takeOver(all, left).reduce((total, { share }) => total + share, 0);
          expect(sum).to.be.closeTo(left, 1e-9);
        },
      ),
    );
  });

  it("is tried at one of them, drawn by the same weights", () => {
    const held = [20, 40].map((expectedMs) => ({ expectedMs, share: 0 }));
    expect([0, 0.79, 0.81, 0.999].map((draw) => drawHeir(held, draw)?.expectedMs)).to.deep.equal([
      20, 20, 40, 40,
    ]);
    expect(drawHeir([], 0.5)).to.equal(undefined);
  });

  it("moves on slowly for three seconds", () => {
    expect([isCautious(1000, 1000), isCautious(1000, 3999), isCautious(1000, 4000)]).to.deep.equal([
      true,
      true,
      false,
    ]);
    expect(isCautious(undefined, 1000)).to.equal(false);
  });
});
