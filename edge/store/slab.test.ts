import { expect } from "chai";
import fc from "fast-check";
import { blockSize, offsetOf, Slab } from "./slab.ts";

const MIB = 2 ** 20;

describe("a slab", () => {
  it("gives blocks that do not overlap, whatever is taken and given", () => {
    const steps = fc.array(
      fc.tuple(fc.oneof(fc.nat(400), fc.integer({ min: 1_000, max: 200_000 })), fc.nat()),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (sequence) => {
        const slab = new Slab({ poisons: true });
        const held: { readonly address: number; readonly length: number; readonly mark: number }[] = [];
        for (const [step, [length, choice]] of sequence.entries()) {
          const leaving = choice % 3 === 0 ? held.splice(choice % (held.length + 1), 1)[0] : undefined;
          if (leaving === undefined) {
            const address = slab.take(length, 1);
            const at = offsetOf(address);
            slab.extentOf(address).bytes.fill(step, at + 4, at + length);
            held.push({ address, length, mark: step });
          } else slab.give(leaving.address);
          for (const each of held) {
            const at = offsetOf(each.address);
            const bytes = slab.extentOf(each.address).bytes.subarray(at + 4, at + each.length);
            expect(bytes.every((byte) => byte === each.mark)).to.equal(true);
          }
        }
        for (const { address } of held) slab.give(address);
        expect(slab.held).to.equal(0);
      }),
      { numRuns: 50 },
    );
  });

  it("wastes an eighth at most, and less than 16 bytes of what has memory of its own", () => {
    for (let length = 128; length < 80_000; length += 13)
      expect(blockSize(length)).to.be.within(length, Math.ceil(length * 1.125) + 16);
    expect(blockSize(80_656)).to.equal(80_656);
    expect(blockSize(80_657)).to.equal(80_672 + 16);
  });

  it("uses a freed block again before it takes more memory", () => {
    const slab = new Slab();
    const addresses = Array.from({ length: 5_000 }, () => slab.take(1_500, 1));
    const { held } = slab;
    for (const address of addresses.slice(0, 2_000)) slab.give(address);
    for (let i = 0; i < 2_000; i += 1) slab.take(1_500, 1);
    expect(slab.held).to.equal(held);
  });

  it("lets an extent go in which nothing is left, and no other", () => {
    const slab = new Slab();
    const first = slab.take(80_000, 1);
    const others = Array.from({ length: 13 }, () => slab.take(80_000, 1));
    expect(slab.held).to.equal(2 * MIB);
    for (const address of others) slab.give(address);
    expect(slab.held).to.equal(MIB);
    slab.give(first);
    expect(slab.held).to.equal(0);
    expect(() => slab.extentOf(first)).to.throw("no block");
  });

  it("brings together what is left when most is freed, and tells where it is now", () => {
    const addresses = new Map<number, number>();
    let moves = 0;
    const moved = (owner: number, address: number): void => {
      moves += 1;
      addresses.set(owner, address);
    };
    const slab = new Slab({ moved, poisons: true });
    const wordOf = (owner: number): number => {
      const address = addresses.get(owner) ?? 0;
      return slab.extentOf(address).ints[(offsetOf(address) >> 2) + 100] ?? 0;
    };
    for (let owner = 1; owner <= 50_000; owner += 1) {
      const address = slab.take(1_500, owner);
      addresses.set(owner, address);
      slab.extentOf(address).ints[(offsetOf(address) >> 2) + 100] = owner;
    }
    const full = slab.held;
    // One of ten stays, in every extent.
    for (let owner = 1; owner <= 50_000; owner += 1) {
      if (owner % 10 === 0) continue;
      slab.give(addresses.get(owner) ?? 0);
      addresses.delete(owner);
    }
    expect(slab.held).to.be.below(full / 10 + 8 * MIB);
    expect(moves).to.be.above(1_000);
    for (const owner of addresses.keys()) expect(wordOf(owner)).to.equal(owner);
    for (const address of addresses.values()) slab.give(address);
  });

  it("moves nothing while little is free", () => {
    let moves = 0;
    const moved = (): void => {
      moves += 1;
    };
    const slab = new Slab({ moved });
    const addresses = Array.from({ length: 20_000 }, (_, i) => slab.take(1_500, i + 1));
    for (const address of addresses.slice(0, 2_600)) slab.give(address);
    expect(moves).to.equal(0);
  });
});
