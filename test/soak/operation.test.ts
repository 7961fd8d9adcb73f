import { expect } from "chai";
import { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import { schedule } from "../chaos/schedule.ts";
import { describeOperation, kindsOf, operations } from "./operation.ts";

function firstOf(seed: number, count: number) {
  const random = new SeededRandom(seed);
  return operations(random, schedule(random.fork(), 3, 1_000, false))
    .take(count)
    .toArray();
}

describe("the operations of a soak", () => {
  it("are decided by the seed", () => {
    expect(firstOf(7, 200)).to.deep.equal(firstOf(7, 200));
    expect(firstOf(7, 200)).not.to.deep.equal(firstOf(8, 200));
  });

  it("bring every kind before any comes again, and two steps of chaos after each", () => {
    const own = firstOf(1, 33).filter(({ kind }) => kind !== "faults");
    expect(own).to.have.length(11);
    expect(new Set(own.flatMap(kindsOf))).to.have.property("size", 11);
  });

  it("are told to people with what differs from one time to the next", () => {
    expect(describeOperation({ kind: "origin-fails", ms: 812.4 })).to.equal("origin: 503 for 812 ms");
    expect(describeOperation({ kind: "sites-reloaded", by: "RPC" })).to.equal("sites reloaded by RPC");
  });
});
