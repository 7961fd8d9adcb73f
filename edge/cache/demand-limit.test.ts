import { expect } from "chai";
import { DemandLimit } from "./demand-limit.ts";

describe("demands of clients", () => {
  it("are met once a second for each key", () => {
    const demands = new DemandLimit();
    const met = [
      ["a", 0],
      ["a", 0],
      ["b", 0],
      ["a", 999],
      ["a", 1_000],
      ["a", 1_001],
    ].map(([key, now]) => demands.take(String(key), Number(now)));
    expect(met).to.deep.equal([true, false, true, false, true, false]);
  });
});
