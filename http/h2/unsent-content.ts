/** Content of a message that waits for the windows of the peer, in the pieces in which it came. */
export class UnsentContent {
  #pieces: Uint8Array[] = [];
  #size = 0;

  /** In bytes. */
  get size(): number {
    return this.#size;
  }

  push(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#size += piece.byteLength;
  }

  /** Copies up to `most` bytes, those that come next, to `out`. Returns how many. */
  take(out: Buffer, at: number, most: number): number {
    let taken = 0;
    while (taken < most) {
      const piece = this.#pieces[0];
      if (piece === undefined) break;
      const part = piece.byteLength > most - taken ? piece.subarray(0, most - taken) : piece;
      out.set(part, at + taken);
      taken += part.byteLength;
      if (part === piece) this.#pieces.shift();
      else this.#pieces[0] = piece.subarray(part.byteLength);
    }
    this.#size -= taken;
    return taken;
  }

  /** Lets go of it. */
  drop(): void {
    this.#pieces = [];
    this.#size = 0;
  }
}
