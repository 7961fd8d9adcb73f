// As much as waits for a socket. Forms and calls of APIs are smaller; larger uploads are not kept.
export const MOST_KEPT_BYTES = 64 * 1024;

/**
 * The body of a request that may have to be sent again from its beginning: what has been read of it is kept while it is small.
 * It is closed by its owner, and not by those that read it.
 */
export class KeptBody implements AsyncIterable<Uint8Array> {
  readonly #source: AsyncIterator<Uint8Array>;
  #parts: Uint8Array[] = [];
  #size = 0;
  #isKept = true;
  #next: Promise<IteratorResult<Uint8Array>> | undefined;

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#source = body[Symbol.asyncIterator]();
  }

  /** Whether it can be read from its beginning. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** It will not be sent again. */
  forget(): void {
    this.#isKept = false;
    this.#parts = [];
  }

  /** No more of it is needed. */
  close(): void {
    this.forget();
    // What it throws concerns nobody any more.
    this.#source.return?.().catch(() => undefined);
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    let at = 0;
    const next = async (): Promise<IteratorResult<Uint8Array>> => {
      const value = this.#parts[at];
      at += 1;
      return value === undefined ? this.#read() : { done: false, value };
    };
    return { next };
  }

  /** One read at a time: a reader that has been given up may still wait for it. */
  #read(): Promise<IteratorResult<Uint8Array>> {
    this.#next ??= this.#readNext().finally(() => {
      this.#next = undefined;
    });
    return this.#next;
  }

  async #readNext(): Promise<IteratorResult<Uint8Array>> {
    const read = await this.#source.next();
    if (read.done === true || !this.#isKept) return read;
    this.#size += read.value.byteLength;
    this.#parts.push(read.value);
    if (this.#size > MOST_KEPT_BYTES) this.forget();
    return read;
  }
}
