// A small body becomes one piece, which a hit writes in one call. A large body is copied piece by piece.
const PIECE = 1024 * 1024;

/**
 * Copies the bytes into memory of their own. A chunk from a socket is often a view of a larger slab, and a stored view
 * would keep the whole slab.
 */
export function inPieces(chunks: readonly Uint8Array[], length: number): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let piece = new Uint8Array(Math.min(PIECE, length));
  let filled = 0;
  let left = length;
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
