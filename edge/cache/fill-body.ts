/** How the arrival of a shared body ended. */
export type BodyEnd =
  /** Whole and kept: it may be stored. */
  | { readonly kind: "complete"; readonly chunks: readonly Uint8Array[]; readonly length: number }
  /** The body outgrew the limit for stored bodies. It went to its readers only. */
  | { readonly kind: "not-kept" }
  | { readonly kind: "failed"; readonly error: unknown };

/** One reader of a shared body. It must be read, once, or left. */
export interface Reader {
  /** The body from byte `from` on. Throws what the origin threw, or Lagged. Leaving the loop leaves the body. */
  read(from: number): AsyncIterable<Uint8Array>;
  /** `patienceMs`: how long the body may then go on to arrive without a reader, if it is kept. */
  leave(patienceMs?: number): void;
}

/** A body from the origin for any number of readers, which may join while it arrives. */
export interface FillBody {
  readonly end: Promise<BodyEnd>;
  /** Whether the body is still expected to be stored. */
  readonly kept: boolean;
  /** Whether a new reader can still read the body from the first byte. */
  readonly joinable: boolean;
  /** Its bytes, where they have all come with the fields. */
  readonly whole: readonly Uint8Array[] | undefined;
  /** A reader from the body's first byte on. */
  join(): Reader;
}
