// As large as the pieces of a stored body (edge/store/body-pieces.ts).
const PIECE = 1024 * 1024;

// Of a body of unknown length the first piece has this much, and each further one as much as all before it.
const FIRST = 64 * 1024;

/** Puts a body together in large pieces while it arrives, so that it need not be copied again to be stored. */
export class Gathering {
  readonly #length: number | undefined;
  #put = 0;
  #piece: Buffer = Buffer.alloc(0);
  #filled = 0;

  /** `length`: of the body, where it is known. */
  constructor(length: number | undefined) {
    this.#length = length;
  }

  /** Copies what has come. Returns it as views of the pieces. */
  put(content: readonly Uint8Array[]): readonly Uint8Array[] {
    const views: Uint8Array[] = [];
    for (const bytes of content) {
      for (let from = 0; from < bytes.byteLength; ) {
        if (this.#filled === this.#piece.byteLength) this.#next();
        const part = bytes.subarray(from, from + this.#piece.byteLength - this.#filled);
        this.#piece.set(part, this.#filled);
        views.push(this.#piece.subarray(this.#filled, this.#filled + part.byteLength));
        this.#filled += part.byteLength;
        this.#put += part.byteLength;
        from += part.byteLength;
      }
    }
    return views;
  }

  #next(): void {
    const left = (this.#length ?? Number.POSITIVE_INFINITY) - this.#put;
    const wanted = left > 0 && Number.isFinite(left) ? left : Math.max(FIRST, this.#put);
    this.#piece = Buffer.allocUnsafeSlow(Math.min(PIECE, wanted));
    this.#filled = 0;
  }
}
