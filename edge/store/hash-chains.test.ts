import { expect } from "chai";
import fc from "fast-check";
import { hashOf } from "../../process/text-hash.ts";
import { HashChains } from "./hash-chains.ts";
import { Rows } from "./rows.ts";

/** The rows in the chain of a hash that have it. */
function found(rows: Rows, chains: HashChains, hash: number): number[] {
  const having: number[] = [];
  for (let row = chains.first(hash); row !== 0; row = rows.get(row, 1))
    if (rows.get(row, 0) === hash) having.push(row);
  return having;
}

describe("chains of rows by hash", () => {
  it("find exactly the rows that they hold, after any additions and removals", () => {
    const steps = fc.array(fc.tuple(fc.constantFrom(0, 1, 64, 128, -1, 2 ** 31 - 1), fc.nat()), {
      maxLength: 300,
    });
    fc.assert(
      fc.property(steps, (sequence) => {
        const rows = new Rows(2);
        const chains = new HashChains(rows, { hash: 0, next: 1 }, 0);
        const held: { readonly row: number; readonly hash: number }[] = [];
        for (const [hash, choice] of sequence) {
          const leaving = choice % 4 === 0 ? held.splice(choice % (held.length + 1), 1)[0] : undefined;
          if (leaving === undefined) {
            const row = rows.take();
            rows.set(row, 0, hash);
            chains.add(row);
            held.push({ row, hash });
          } else {
            chains.remove(leaving.row);
            rows.give(leaving.row);
          }
          const expected = held.filter((each) => each.hash === hash).map(({ row }) => row);
          expect(found(rows, chains, hash)).to.have.members(expected);
        }
      }),
    );
  });

  it("stay short while they grow", () => {
    const rows = new Rows(2);
    const chains = new HashChains(rows, { hash: 0, next: 1 }, 0);
    const hashes = Array.from({ length: 100_000 }, (_, i) => hashOf(`shop /product-${i}`, 0));
    for (const hash of hashes) {
      const row = rows.take();
      rows.set(row, 0, hash);
      chains.add(row);
    }
    let longest = 0;
    for (const hash of hashes) {
      let length = 0;
      for (let row = chains.first(hash); row !== 0; row = rows.get(row, 1)) length += 1;
      longest = Math.max(longest, length);
    }
    expect(longest).to.be.within(1, 16);
  });
});
