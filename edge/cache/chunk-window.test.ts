import { expect } from "chai";
import { ByteBudget, Charge } from "./byte-budget.ts";
import { ChunkWindow } from "./chunk-window.ts";

describe("a window of chunks", () => {
  const OVERHEAD = 128;

  function windowOf(budget: ByteBudget, ...lengths: number[]): ChunkWindow {
    const held = new ChunkWindow(new Charge(budget));
    for (const length of lengths) held.append(new Uint8Array(length));
    return held;
  }

  it("numbers chunks from the first of the body, whatever has been dropped", () => {
    const held = windowOf(new ByteBudget(10_000), 10, 20, 30);
    held.dropTo(2, () => undefined);
    expect([held.first, held.offset, held.bytes, held.end]).to.deep.equal([2, 30, 30, 3]);
    expect(held.at(1)).to.equal(undefined);
    expect(held.at(2)?.byteLength).to.equal(30);
    held.dropTo(1, () => expect.fail("nothing is left to drop before it"));
  });

  it("shows each chunk just before it goes", () => {
    const held = windowOf(new ByteBudget(10_000), 10, 20, 30);
    const seen: number[][] = [];
    held.dropTo(2, (chunk) => seen.push([held.first, held.offset, chunk.byteLength]));
    expect(seen).to.deep.equal([
      [0, 0, 10],
      [1, 10, 20],
    ]);
  });

  it("charges each chunk with its overhead, and gives back what it charged", () => {
    const budget = new ByteBudget(10 + OVERHEAD);
    const held = windowOf(budget);
    expect(held.append(new Uint8Array(10))).to.equal(true);
    expect(budget.left).to.equal(0);
    expect(held.append(new Uint8Array(1))).to.equal(false);
    expect(held.bytes).to.equal(11);
    held.dropTo(2, () => undefined);
    expect(budget.taken).to.equal(0);
  });

  it("finds the chunk with which its younger half begins", () => {
    expect(windowOf(new ByteBudget(10_000), 10, 10, 10, 10).middle).to.equal(2);
    expect(windowOf(new ByteBudget(10_000), 10, 50).middle).to.equal(2);
    expect(windowOf(new ByteBudget(10_000)).middle).to.equal(0);
  });
});
