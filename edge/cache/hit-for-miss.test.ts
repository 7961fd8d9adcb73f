import { expect } from "chai";
import { HitForMiss } from "./hit-for-miss.ts";

describe("hit-for-miss", () => {
  it("remembers a key for 30 s, and no longer", () => {
    const hitForMiss = new HitForMiss();
    hitForMiss.mark("a", "private", 1_000);
    expect(hitForMiss.is("a", 30_999)).to.equal(true);
    expect(hitForMiss.is("a", 31_000)).to.equal(false);
    expect(hitForMiss.is("b", 1_000)).to.equal(false);
    expect([30_999, 31_000].map((now) => hitForMiss.reason("a", now))).to.deep.equal(["private", undefined]);
  });

  it("forgets a key once a response for it could be shared", () => {
    const hitForMiss = new HitForMiss();
    hitForMiss.mark("a", "private", 0);
    hitForMiss.clear("a");
    expect(hitForMiss.is("a", 1)).to.equal(false);
  });

  it("remembers ten thousand keys", () => {
    const hitForMiss = new HitForMiss();
    for (let i = 1; i <= 10_000; i += 1) hitForMiss.mark(`${i}`, "private", 0);
    expect(hitForMiss.reason("1", 1)).to.equal("private");
    hitForMiss.mark("10001", "private", 0);
    expect(["1", "2"].map((key) => hitForMiss.reason(key, 1))).to.deep.equal([undefined, "private"]);
  });

  it("forgets the key that was asked for least recently when there are too many", () => {
    const hitForMiss = new HitForMiss(2);
    for (const key of ["a", "b", "c"]) hitForMiss.mark(key, "private", 0);
    expect(["a", "b", "c"].map((key) => hitForMiss.is(key, 1))).to.deep.equal([false, true, true]);
  });
});
