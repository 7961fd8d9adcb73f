// The server holds this many unread bytes of a body or of further requests. Then its socket is not read further.
const MOST = 64 * 1024;

// Each piece costs some hundred bytes beside its own, which a client that sends single bytes must not multiply.
const MOST_PIECES = 64;

/** The bytes that a client has sent and that are not used yet, in the pieces in which they came. */
export class UnreadBytes {
  readonly #chunks: Buffer[] = [];
  #at = 0;
  #size = 0;
  /** Whether the newest bytes are borrowed, so that the next read overwrites them. */
  #borrowed = false;

  get size(): number {
    return this.#size;
  }

  /** Whether the limit is reached. */
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

  /** `borrowed`: the memory is used again when the caller returns; `own` must be called before. */
  add(chunk: Buffer, borrowed = false): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    this.#borrowed = borrowed;
  }

  /** Copies the rest of the borrowed bytes. */
  own(): void {
    const newest = this.#borrowed ? this.#chunks.pop() : undefined;
    this.#borrowed = false;
    if (newest === undefined) return;
    const isOldest = this.#chunks.length === 0;
    this.#chunks.push(Buffer.from(isOldest ? newest.subarray(this.#at) : newest));
    if (isOldest) this.#at = 0;
  }

  /** `chunk` has been read up to `end`. */
  readTo(end: number): void {
    this.#size -= end - this.#at;
    this.#at = end;
    if (end < (this.chunk?.length ?? 0)) return;
    this.#chunks.shift();
    this.#at = 0;
    if (this.#chunks.length === 0) this.#borrowed = false;
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#at = 0;
    this.#size = 0;
  }
}
