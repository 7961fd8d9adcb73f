import { sha1 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { Buffer } from "buffer/";

// The part of node:crypto that the core of an edge uses, for a page. A page has Web Crypto, which answers only later.

const ALGORITHMS = { sha1, sha256 } as const;

type Algorithm = keyof typeof ALGORITHMS;
type Encoding = "hex" | "base64" | "buffer";

export class Hash {
  readonly #hash;

  constructor(algorithm: Algorithm) {
    this.#hash = ALGORITHMS[algorithm].create();
  }

  update(data: string | Uint8Array): this {
    this.#hash.update(typeof data === "string" ? new TextEncoder().encode(data) : data);
    return this;
  }

  digest(encoding: Encoding = "buffer"): string | Uint8Array {
    const digest = this.#hash.digest();
    switch (encoding) {
      case "hex":
        return bytesToHex(digest);
      case "base64":
        return Buffer.from(digest).toString("base64");
      case "buffer":
        return Buffer.from(digest);
    }
  }
}

export function createHash(algorithm: Algorithm): Hash {
  return new Hash(algorithm);
}

export function hash(
  algorithm: Algorithm,
  data: string | Uint8Array,
  encoding: Encoding = "hex",
): string | Uint8Array {
  return createHash(algorithm).update(data).digest(encoding);
}

export function randomUUID(): string {
  return globalThis.crypto.randomUUID();
}

export function randomFillSync<T extends Uint8Array<ArrayBuffer>>(bytes: T): T {
  return globalThis.crypto.getRandomValues(bytes);
}

export function randomBytes(length: number): Uint8Array {
  return Buffer.from(randomFillSync(new Uint8Array(length)));
}

export function randomInt(below: number): number {
  return Math.floor(Math.random() * below);
}

export function timingSafeEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
