import type { Charge } from "./byte-budget.ts";

// The engine needs this much for a chunk beside its bytes. An origin that sends single bytes must pay for it.
const CHUNK_OVERHEAD = 128;

/** The part of a body that is in memory. Chunks are numbered from the body's first one, and leave in that order. */
export class ChunkWindow {
  readonly #charge: Charge;
  #chunks: Uint8Array[] = [];
  #first = 0;
  #offset = 0;
  #bytes = 0;

  constructor(charge: Charge) {
    this.#charge = charge;
  }

  /** The number of the first chunk held: as many have been dropped. */
  get first(): number {
    return this.#first;
  }

  /** Where in the body the first chunk held begins. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The number of the next chunk to arrive. */
  get end(): number {
    return this.#first + this.#chunks.length;
  }

  get chunks(): readonly Uint8Array[] {
    return this.#chunks;
  }

  at(number: number): Uint8Array | undefined {
    return this.#chunks[number - this.#first];
  }

  /** Holds the chunk in any case. Returns whether the budget had room for it. */
  append(chunk: Uint8Array): boolean {
    const charged = this.#charge.take(costOf(chunk));
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    return charged;
  }

  /** Drops the chunks before number `next`, in order. `each` is called just before a chunk goes. */
  dropTo(next: number, each: (chunk: Uint8Array) => void): void {
    for (const chunk of this.#chunks.splice(0, next - this.#first)) {
      each(chunk);
      this.#charge.give(costOf(chunk));
      this.#bytes -= chunk.byteLength;
      this.#offset += chunk.byteLength;
      this.#first += 1;
    }
  }

  /** Lets go of the chunks, which stay charged: their bytes are held elsewhere. */
  clear(): void {
    this.#chunks = [];
    this.#bytes = 0;
  }

  /** The number of the chunk with which the younger half of the bytes held begins. */
  get middle(): number {
    let [next, left] = [this.#first, this.#bytes];
    for (const chunk of this.#chunks) {
      if (left <= this.#bytes / 2) break;
      left -= chunk.byteLength;
      next += 1;
    }
    return next;
  }
}

function costOf(chunk: Uint8Array): number {
  return chunk.byteLength + CHUNK_OVERHEAD;
}

/** The bytes of the chunks from byte `from` on. */
export function* bytesFrom(chunks: readonly Uint8Array[], from: number): Generator<Uint8Array> {
  let left = from;
  for (const chunk of chunks) {
    if (chunk.byteLength > left) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.byteLength);
  }
}
