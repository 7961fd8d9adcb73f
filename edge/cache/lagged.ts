import { createHash, type Hash } from "node:crypto";

/** The first `length` bytes of a body, by which the same body is recognised. */
export interface Prefix {
  readonly length: number;
  readonly digest: string;
}

/** The reader was too slow for the others: the bytes that it reads next, from byte `offset` on, are no longer held. */
export class Lagged extends Error {
  readonly offset: number;
  /** The bytes that it was given, or has skipped; undefined when it joined too late for the first byte. */
  readonly prefix: Prefix | undefined;

  constructor(offset: number, prefix: Prefix | undefined) {
    super(`too slow for the other readers at byte ${offset}`);
    this.offset = offset;
    this.prefix = prefix;
  }
}

/** The digest of a Prefix: as fast as any here, and nobody can make two bodies that agree. */
export function prefixHash(): Hash {
  return createHash("sha256");
}
