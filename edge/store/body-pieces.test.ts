import { expect } from "chai";
import { inPieces } from "./body-pieces.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Bytes that differ by their place. */
function filled(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 0xff);
}

/** Views of one piece of memory, each of so many bytes at the most. */
function cut(piece: Uint8Array, length: number): readonly Uint8Array[] {
  const count = Math.ceil(piece.byteLength / length);
  return Array.from({ length: count }, (_, at) => piece.subarray(at * length, (at + 1) * length));
}

function buffersOf(chunks: readonly Uint8Array[]): readonly unknown[] {
  return chunks.map(({ buffer }) => buffer);
}

describe("the pieces of a body", () => {
  const check = (chunks: readonly Uint8Array[]): readonly Uint8Array[] => {
    const length = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const pieces = inPieces(chunks, length);
    expect(Buffer.compare(Buffer.concat(pieces), Buffer.concat(chunks))).to.equal(0);
    for (const { byteLength, buffer } of pieces) expect(byteLength).to.equal(buffer.byteLength);
    return pieces;
  };

  it("are the memory that chunks fill one after the other, without a copy", () => {
    const [first, second] = [filled(MIB), filled(300 * KIB)];
    const pieces = check([...cut(first, 64 * KIB), ...cut(second, 7_000)]);
    expect(buffersOf(pieces)).to.have.ordered.members([first.buffer, second.buffer]);
    const small = filled(9_000);
    expect(buffersOf(check(cut(small, 4_000)))).to.have.ordered.members([small.buffer]);
  });

  it("are copies of chunks that are parts of other memory, or small", () => {
    const slab = filled(MIB);
    const pieces = check([slab.subarray(1, 600 * KIB), ...cut(filled(200 * KIB), 5_000), filled(400 * KIB)]);
    expect(pieces.map(({ byteLength }) => byteLength)).to.deep.equal([800 * KIB - 1, 400 * KIB]);
    expect(buffersOf(pieces)).not.to.include(slab.buffer);
  });

  it("are 256 KiB at the least where they are not copied, and 1 MiB at the most where they are", () => {
    const [below, at] = [filled(256 * KIB - 1), filled(256 * KIB)];
    expect(check([below, at, ...cut(filled(100 * KIB), 999)])).to.have.length(3);
    expect(buffersOf(check([below, at])))
      .to.include(at.buffer)
      .and.not.to.include(below.buffer);
    expect(check([filled(MIB)])).to.have.length(1);
    expect(check([filled(MIB + 1)])).to.have.length(2);
    const many = Array.from({ length: 24 }, () => filled(100 * KIB));
    expect(check(many).map(({ byteLength }) => byteLength)).to.deep.equal([MIB, MIB, 2400 * KIB - 2 * MIB]);
  });

  it("of nothing are none", () => {
    expect(check([])).to.deep.equal([]);
  });
});
