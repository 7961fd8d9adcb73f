import { createHash, type Hash } from "node:crypto";

/** The first `length` bytes of a body, by which the same body is known again. */
export interface Prefix {
  readonly length: number;
  readonly digest: string;
}

/** The reader was too slow for the others: what it has still to read, from byte `offset` on, is held no more. */
export class LeftBehind extends Error {
  readonly offset: number;
  /** What of the body it was given, or has passed over; undefined when it came too late for the first byte. */
  readonly prefix: Prefix | undefined;

  constructor(offset: number, prefix: Prefix | undefined) {
    super(`left behind at byte ${offset}`);
    this.offset = offset;
    this.prefix = prefix;
  }
}

/** How a Prefix is digested: as fast as any here, and nobody can make two bodies that agree. */
export function prefixHash(): Hash {
  return createHash("sha256");
}
