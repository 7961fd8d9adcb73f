import { hasOwnBody } from "./record-layout.ts";
import { keptBytes, type StoredResponse } from "./stored-response.ts";

/** The responses of a key as objects, and the row of the key. */
export interface DecodedKey {
  readonly row: number;
  readonly responses: readonly StoredResponse[];
}

// The objects of a response, beside its texts and its body: what a heap holds after a full collection, with node 26.
const OBJECTS = 1_500;

// What is asked for again and again is kept as objects, too, in two generations of this size at most. An object of 1 KiB
// takes 3 KiB and saves some microseconds for each hit. The most keeps the pauses of the collector short.
const SHARE = 16;
const MOST = 32 * 2 ** 20;

/** Bytes that a generation may take, about, of a store that may hold so many. */
export function decodedRoom(maxBytes: number): number {
  return Math.min(maxBytes / SHARE, MOST);
}

/** Bytes of memory that a response takes as objects, about. */
export function bytesAsObjects(stored: StoredResponse): number {
  const { key, fields } = stored;
  return OBJECTS + 2 * key.length + fields.characters + keptBytes(stored);
}

/**
 * The stored responses that were asked for lately, as objects. There are two generations: what is used moves to the
 * younger one, and when that is full the older one goes. So a hit costs a look-up and no order is kept.
 */
export class DecodedResponses {
  readonly #most: number;
  #young = new Map<string, DecodedKey>();
  #old = new Map<string, DecodedKey>();
  #bytes = 0;
  #oldBytes = 0;

  /** `most`: bytes of memory that a generation may take, about. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes of memory that they take, about. What has moved or was dropped counts until its generation goes. */
  get bytes(): number {
    return this.#bytes + this.#oldBytes;
  }

  get(key: string): DecodedKey | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) {
      this.#old.delete(key);
      this.set(key, old);
    }
    return old;
  }

  /** The same without a use. */
  peek(key: string): DecodedKey | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: string, decoded: DecodedKey): void {
    if (this.#bytes >= this.#most) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#oldBytes = this.#bytes;
      this.#bytes = 0;
    }
    this.#old.delete(key);
    this.#young.set(key, decoded);
    for (const stored of decoded.responses) {
      const kept = keptBytes(stored);
      this.#bytes += bytesAsObjects(stored) - (hasOwnBody(kept) ? kept : 0);
    }
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  clear(): void {
    this.#young = new Map();
    this.#old = new Map();
    this.#bytes = 0;
    this.#oldBytes = 0;
  }
}
