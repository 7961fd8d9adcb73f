import { Gathering } from "./gathering.ts";
import type { OriginBody } from "./origin.ts";

/** The connection that a body arrives on. */
export interface Flow {
  pause(): void;
  resume(): void;
  /** Gives the rest up, and the connection with it. */
  cancel(): void;
}

type Ending = { readonly kind: "complete" } | { readonly kind: "failed"; readonly error: unknown };

// Bytes that may wait here for the reader: about one read of a socket. More would only take memory.
const HIGH_WATER = 64 * 1024;

// Memory of its own costs some microseconds. Below this, copies share pieces of 8 KiB.
const SMALL = 4 * 1024;

/**
 * The content of a response from an upstream, pulled: little more flows than its reader takes. It must be read to its end
 * or returned, because until then it occupies a connection.
 */
export class UpstreamBody implements AsyncIterableIterator<Uint8Array>, OriginBody {
  readonly #flow: Flow;
  #arrived: Uint8Array[] = [];
  #arrivedBytes = 0;
  #gathering: Gathering | undefined;
  #ending: Ending | undefined;
  /** How often something was read. */
  #read = 0;
  /** Where the reader waits. */
  #changed: PromiseWithResolvers<void> | undefined;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * Everything that has arrived, in one piece: an origin that sends single bytes costs its readers no more. While it is
   * gathered, as much of that as lies in one piece of memory.
   */
  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      if (this.#arrivedBytes > 0) return { done: false, value: this.#take() };
      if (this.#ending?.kind === "failed") throw this.#ending.error;
      if (this.#ending !== undefined) return { done: true, value: undefined };
      this.#changed = Promise.withResolvers();
      this.#flow.resume();
      await this.#changed.promise;
    }
  }

  takeWhole(): Uint8Array | undefined {
    const isWhole = this.#ending?.kind === "complete" && this.#read === 0 && this.#gathering === undefined;
    return isWhole ? this.#take() : undefined;
  }

  gather(length: number | undefined): void {
    this.#gathering = new Gathering(length);
    this.#arrivedBytes = 0;
    for (const chunk of this.#gathering.put(this.#arrived.splice(0))) this.#append(chunk);
  }

  scatter(): void {
    this.#gathering = undefined;
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#arrived = [];
    this.#arrivedBytes = 0;
    if (this.#ending === undefined) {
      this.end();
      this.#flow.cancel();
    }
    return { done: true, value: undefined };
  }

  /** Copies what one read has brought: the memory of a read is used again for the next one. */
  push(content: readonly Uint8Array[]): void {
    for (const chunk of this.#gathering?.put(content) ?? [inOneBuffer(content)]) this.#append(chunk);
    if (this.#arrivedBytes >= HIGH_WATER) this.#flow.pause();
    this.#announce();
  }

  end(): void {
    this.#ending ??= { kind: "complete" };
    this.#announce();
  }

  /** The reader still gets what arrived before, then `error`. */
  fail(error: unknown): void {
    this.#ending ??= { kind: "failed", error };
    this.#announce();
  }

  #take(): Uint8Array {
    this.#read += 1;
    const chunks = this.#arrived.splice(0, this.#gathering === undefined ? this.#arrived.length : 1);
    const [first] = chunks;
    const taken = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
    this.#arrivedBytes -= taken.byteLength;
    return taken;
  }

  /** Chunks that lie one behind the other in one piece of memory become one. */
  #append(chunk: Uint8Array): void {
    const last = this.#arrived.at(-1);
    if (last !== undefined && last.buffer === chunk.buffer && endOf(last) === chunk.byteOffset)
      this.#arrived[this.#arrived.length - 1] = Buffer.from(
        chunk.buffer,
        last.byteOffset,
        last.byteLength + chunk.byteLength,
      );
    else this.#arrived.push(chunk);
    this.#arrivedBytes += chunk.byteLength;
  }

  #announce(): void {
    this.#changed?.resolve();
    this.#changed = undefined;
  }
}

function endOf({ byteOffset, byteLength }: Uint8Array): number {
  return byteOffset + byteLength;
}

/** A copy. A large one has memory of its own, and may be stored as it is. A small one is copied again to be stored. */
function inOneBuffer(content: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const piece of content) length += piece.byteLength;
  const bytes = length < SMALL ? Buffer.allocUnsafe(length) : Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const piece of content) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}
