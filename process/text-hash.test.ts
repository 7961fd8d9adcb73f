import { expect } from "chai";
import { hashBegin, hashBytes, hashEnd, hashOf } from "./text-hash.ts";

describe("the hash of a text", () => {
  it("is that of its bytes, wherever they are cut", () => {
    const text = "default /a?b=\xff";
    const bytes = Buffer.from(`.${text}.`, "latin1");
    for (let cut = 1; cut <= 1 + text.length; cut += 1) {
      const state = hashBytes(hashBegin(7), bytes, 1, cut);
      expect(hashEnd(hashBytes(state, bytes, cut, 1 + text.length))).to.equal(hashOf(text, 7));
    }
  });

  it("is not foreseen by a client that knows how texts are hashed, and not by which seed", () => {
    // With seed 0 each pair leads from one state of the hash to one other, so that all ways through them end alike.
    const pairs = [
      ["atel", "bh10"],
      ["71c9", "bg02"],
      ["2h9q", "4v4a"],
      ["7x91", "m2q0"],
      ["0t6w", "dmpa"],
      ["ef6y", "rnha"],
    ] as const;
    const texts = pairs.reduce(
      (made, pair) => made.flatMap((text) => pair.map((block) => text + block)),
      ["default /"],
    );
    const mostAlike = (seed: number): number => {
      const times = new Map<number, number>();
      for (const text of texts) {
        const hash = hashOf(text, seed);
        times.set(hash, (times.get(hash) ?? 0) + 1);
      }
      return Math.max(...times.values());
    };
    expect(mostAlike(0)).to.equal(2 ** pairs.length);
    // A seed with the same low byte, as well as any other.
    for (const seed of [1, 0x100, 0x10000, 0x7fff_ff00, -1])
      expect(mostAlike(seed), `${seed}`).to.be.at.most(2);
  });
});
