const PIECE_BITS = 18;
const IN_PIECE = 2 ** PIECE_BITS - 1;

/** A set of rows. It grows by pieces: a set of the engine would stand still while it makes room for a million. */
export class RowSet {
  readonly #pieces: (Uint8Array | undefined)[] = [];

  has(row: number): boolean {
    const byte = this.#pieces[row >>> PIECE_BITS]?.[(row & IN_PIECE) >>> 3] ?? 0;
    return (byte & (1 << (row & 7))) !== 0;
  }

  add(row: number): void {
    const number = row >>> PIECE_BITS;
    const piece = this.#pieces[number] ?? new Uint8Array(2 ** (PIECE_BITS - 3));
    this.#pieces[number] = piece;
    const at = (row & IN_PIECE) >>> 3;
    piece[at] = (piece[at] ?? 0) | (1 << (row & 7));
  }
}
