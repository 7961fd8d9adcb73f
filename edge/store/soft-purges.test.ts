import { expect } from "chai";
import { SoftPurges } from "./soft-purges.ts";

describe("the times of soft purges", () => {
  it("tell when the first began after a number of them", () => {
    const purges = new SoftPurges();
    expect(purges.firstAfter(0)).to.equal(undefined);
    purges.begin(5);
    purges.begin(9);
    expect([purges.count, purges.firstAfter(0), purges.firstAfter(1), purges.firstAfter(2)]).to.deep.equal([
      2,
      5,
      9,
      undefined,
    ]);
  });

  it("are remembered for 2,048 soft purges; what is older counts as stale for ever", () => {
    const purges = new SoftPurges();
    for (let at = 0; at <= 4_096; at += 1) purges.begin(at);
    expect([purges.firstAfter(2_048), purges.firstAfter(2_047)]).to.deep.equal([
      2_048,
      Number.NEGATIVE_INFINITY,
    ]);
  });
});
