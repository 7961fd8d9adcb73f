/** The kinds of memory that a store consists of. */
export type SharedPart = "keys" | "heads" | "responses" | "records" | "texts";

/** A piece of the memory of a store, for a thread that reads it. */
export interface SharedPiece {
  /** A store that drops everything begins anew with the next generation, in other memory. */
  readonly generation: number;
  readonly part: SharedPart;
  /** Among the pieces of its part. */
  readonly number: number;
  readonly memory: SharedArrayBuffer;
}

/** How a store lets other threads read it (store-reader.ts). */
export interface Sharing {
  /** One word of shared memory: the generation that is true. */
  readonly generation: Int32Array;
  /** Takes every piece to the threads. What they do not have yet, they do not find. */
  onPiece(piece: SharedPiece): void;
}
