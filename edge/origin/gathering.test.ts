import { expect } from "chai";
import { Gathering } from "./gathering.ts";

const KIB = 1024;

describe("a body that is gathered", () => {
  /** The sizes of the pieces that so many bytes come to, in parts of `part` bytes. */
  function pieces(length: number, known: number | undefined, part: number): readonly number[] {
    const gathering = new Gathering(known);
    const whole = Buffer.alloc(length, "abcdefg");
    const buffers = new Set<ArrayBufferLike>();
    const read = Buffer.alloc(part);
    const got: Uint8Array[] = [];
    for (let from = 0; from < length; from += part) {
      // The memory of a read is used again for the next one.
      const bytes = read.subarray(0, whole.copy(read, 0, from, from + part));
      got.push(...gathering.put([bytes.subarray(0, 1), bytes.subarray(1)]));
      read.subarray(bytes.length).fill("#");
    }
    for (const { buffer } of got) buffers.add(buffer);
    expect(Buffer.concat(got).equals(whole)).to.equal(true);
    return [...buffers].map(({ byteLength }) => byteLength);
  }

  it("lies in pieces of 1 MiB and one with the rest, when its length is known", () => {
    expect(pieces(100 * KIB, 100 * KIB, 999)).to.deep.equal([100 * KIB]);
    expect(pieces(2_500 * KIB, 2_500 * KIB, 64 * KIB)).to.deep.equal(
      [1024, 1024, 452].map((kib) => kib * KIB),
    );
  });

  it("lies in pieces that grow up to 1 MiB, when its length is not known", () => {
    const sizes = [64, 64, 128, 256, 512, 1024, 1024].map((kib) => kib * KIB);
    expect(pieces(3_000 * KIB, undefined, 60 * KIB)).to.deep.equal(sizes);
  });

  it("is whole though it is longer than was said", () => {
    expect(pieces(11 * KIB, 10 * KIB, 3 * KIB)).to.deep.equal([10 * KIB, 64 * KIB]);
  });
});
