// A body of up to so many bytes becomes one piece, which a hit writes in one call.
const PIECE = 1024 * 1024;

// As much as is written at once. A smaller piece would cost more at each hit than its copy does once.
const LEAST_KEPT = 256 * 1024;

/**
 * The bytes of `chunks` in few pieces of memory of their own. A chunk from a socket is often a view of a larger slab, and
 * a stored view would keep the whole slab. Chunks that fill a large piece of memory one after the other are that piece:
 * they are not copied.
 */
export function inPieces(chunks: readonly Uint8Array[], length: number): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  for (const run of runsOf(chunks)) {
    const isPiece = run.byteLength === run.buffer.byteLength && run.byteLength <= PIECE;
    if (!isPiece || run.byteLength < Math.min(LEAST_KEPT, length)) small.push(run);
    else {
      pieces.push(...copied(small), run);
      small = [];
    }
  }
  return [...pieces, ...copied(small)];
}

/** The same bytes, where chunks that lie one behind the other in memory are one. */
function runsOf(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
  const runs: Uint8Array[] = [];
  let run: Uint8Array | undefined;
  for (const chunk of chunks) {
    if (run?.buffer === chunk.buffer && run.byteOffset + run.byteLength === chunk.byteOffset)
      run = new Uint8Array(run.buffer, run.byteOffset, run.byteLength + chunk.byteLength);
    else {
      if (run !== undefined) runs.push(run);
      run = chunk;
    }
  }
  return run === undefined ? runs : [...runs, run];
}

function copied(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let left = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
  let piece = new Uint8Array(Math.min(PIECE, left));
  let filled = 0;
  for (const chunk of chunks) {
    let offset = 0;
    while (offset < chunk.byteLength) {
      const part = chunk.subarray(offset, offset + piece.byteLength - filled);
      piece.set(part, filled);
      filled += part.byteLength;
      offset += part.byteLength;
      left -= part.byteLength;
      if (filled === piece.byteLength) {
        pieces.push(piece);
        piece = new Uint8Array(Math.min(PIECE, left));
        filled = 0;
      }
    }
  }
  return pieces;
}
