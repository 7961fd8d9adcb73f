import type { Position } from "./position.ts";

/** The memory of an id beside its text: its place in the table, a digest and a position. Measured: 750 bytes with the id. */
export const KNOWN_PURGE_BYTES = 720;

/** The first purge of an id, for the retries that follow (rule P2). */
export interface KnownPurge {
  readonly position: Position;
  readonly digest: string;
  /** When the log forgets the id, by the clock of the log. */
  readonly until: number;
}

/** The purges whose ids are known again, for a while and within a limit of bytes. The oldest ones go first. */
export class KnownPurges {
  readonly #maxBytes: number;
  /** A Map keeps insertion order, which is the order of expiry. */
  readonly #byId = new Map<string, KnownPurge>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  find(purgeId: string, now: number): KnownPurge | undefined {
    for (const [oldest, { until }] of this.#byId) {
      if (until > now) break;
      this.#forget(oldest);
    }
    return this.#byId.get(purgeId);
  }

  /** The id must not be known yet. */
  add(purgeId: string, purge: KnownPurge): void {
    this.#byId.set(purgeId, purge);
    this.#bytes += bytesOf(purgeId);
    for (const oldest of this.#byId.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#forget(oldest);
    }
  }

  #forget(purgeId: string): void {
    this.#byId.delete(purgeId);
    this.#bytes -= bytesOf(purgeId);
  }
}

function bytesOf(purgeId: string): number {
  return KNOWN_PURGE_BYTES + purgeId.length;
}
