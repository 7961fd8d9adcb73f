import { expect } from "chai";
import fc from "fast-check";
import { hasRoom } from "./bounded-load.ts";

describe("bounded load", () => {
  it("lets an edge take 1.25 times the mean", () => {
    expect(hasRoom(41, 99, 3)).to.equal(true);
    expect(hasRoom(42, 99, 3)).to.equal(false);
  });

  it("lets an edge always take a few", () => {
    expect(hasRoom(7, 7, 3)).to.equal(true);
    expect(hasRoom(8, 8, 3)).to.equal(false);
  });

  it("always leaves room at some edge", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 20 }), (loads) => {
        const total = loads.reduce((sum, load) => sum + load, 0);
        expect(loads.some((load) => hasRoom(load, total, loads.length))).to.equal(true);
      }),
    );
  });
});
