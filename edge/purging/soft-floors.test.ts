import { expect } from "chai";
import { SoftFloors } from "./soft-floors.ts";

const at = (seq: number) => ({ epoch: 1, seq });

describe("the remembered soft purges of everything", () => {
  it("tell when the first purge after a position was applied", () => {
    const floors = new SoftFloors();
    for (const seq of [3, 7]) floors.add(at(seq), seq * 10);
    expect([2, 3, 6, 7].map((seq) => floors.firstSince(at(seq)))).to.deep.equal([30, 70, 70, undefined]);
    floors.forget();
    expect(floors.firstSince(at(2))).to.equal(undefined);
  });

  it("are a thousand, and the one that is forgotten makes the next one count from its time", () => {
    const floors = new SoftFloors();
    for (let seq = 1; seq <= 1_000; seq += 1) floors.add(at(seq), seq * 10);
    expect([0, 1].map((seq) => floors.firstSince(at(seq)))).to.deep.equal([10, 20]);
    floors.add(at(1_001), 10_010);
    expect([0, 1, 2].map((seq) => floors.firstSince(at(seq)))).to.deep.equal([10, 10, 30]);
  });
});
