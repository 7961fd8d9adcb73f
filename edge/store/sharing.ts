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

/** The words of Sharing. */
export const GENERATION = 0;
/** How often a purge or a flush has covered everything and left it in the store. What came before is not read. */
export const ALL_COVERED = 1;
export const SHARING_WORDS = 2;

/** How a store lets other threads read it (store-reader.ts). */
export interface Sharing {
  /** In shared memory. */
  readonly words: Int32Array;
  /** Takes every piece to the threads. What they do not have yet, they do not find. */
  onPiece(piece: SharedPiece): void;
}
