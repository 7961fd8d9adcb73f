// A client may send so many bytes of a body or of further requests ahead. Then its socket is read no further.
const MOST = 64 * 1024;

// Each piece costs some hundred bytes beside its own, which a client that sends single bytes must not multiply.
const MOST_PIECES = 64;

/** The bytes that a client has sent and that are not used yet, in the pieces in which they came. */
export class UnreadBytes {
  readonly #chunks: Buffer[] = [];
  #at = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether no more of it should be held. */
  get full(): boolean {
    return this.#size > MOST || this.#chunks.length > MOST_PIECES;
  }

  /** The oldest of it; undefined when everything has been read. */
  get chunk(): Buffer | undefined {
    return this.#chunks[0];
  }

  /** From where `chunk` is unread. */
  get at(): number {
    return this.#at;
  }

  add(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  /** Copies the newest of it: its memory is used again. */
  copyLast(): void {
    const last = this.#chunks.pop();
    if (last === undefined) return;
    const isOldest = this.#chunks.length === 0;
    this.#chunks.push(Buffer.from(isOldest ? last.subarray(this.#at) : last));
    if (isOldest) this.#at = 0;
  }

  /** `chunk` has been read up to `end`. */
  readTo(end: number): void {
    this.#size -= end - this.#at;
    this.#at = end;
    if (end < (this.chunk?.length ?? 0)) return;
    this.#chunks.shift();
    this.#at = 0;
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#at = 0;
    this.#size = 0;
  }
}
