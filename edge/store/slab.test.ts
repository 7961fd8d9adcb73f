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
        const slab = new Slab(true);
        const held: { readonly address: number; readonly length: number; readonly mark: number }[] = [];
        for (const [step, [length, choice]] of sequence.entries()) {
          const leaving = choice % 3 === 0 ? held.splice(choice % (held.length + 1), 1)[0] : undefined;
          if (leaving === undefined) {
            const address = slab.take(length);
            const at = offsetOf(address);
            slab.extentOf(address).bytes.fill(step, at, at + length);
            held.push({ address, length, mark: step });
          } else slab.give(leaving.address);
          for (const each of held) {
            const at = offsetOf(each.address);
            const bytes = slab.extentOf(each.address).bytes.subarray(at, at + each.length);
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
    const addresses = Array.from({ length: 5_000 }, () => slab.take(1_500));
    const { held } = slab;
    for (const address of addresses.slice(0, 2_000)) slab.give(address);
    for (let i = 0; i < 2_000; i += 1) slab.take(1_500);
    expect(slab.held).to.equal(held);
  });

  it("lets an extent go in which nothing is left, and no other", () => {
    const slab = new Slab();
    const first = slab.take(80_000);
    const others = Array.from({ length: 13 }, () => slab.take(80_000));
    expect(slab.held).to.equal(2 * MIB);
    for (const address of others) slab.give(address);
    expect(slab.held).to.equal(MIB);
    slab.give(first);
    expect(slab.held).to.equal(0);
    expect(() => slab.extentOf(first)).to.throw("no block");
  });
});
