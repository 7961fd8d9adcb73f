import { hmac } from "@noble/hashes/hmac.js";
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { Buffer } from "buffer/";

// The part of node:crypto that the core of an edge uses, for a page. A page has Web Crypto, which answers only later.

const ALGORITHMS = { sha1, sha256 } as const;

type Algorithm = keyof typeof ALGORITHMS;
type Encoding = "hex" | "base64" | "base64url" | "buffer";

/** What takes data piece by piece, and gives a digest of it. */
interface Digester {
  update(data: Uint8Array): unknown;
  digest(): Uint8Array;
}

export class Hash {
  readonly #hash: Digester;

  constructor(hash: Digester) {
    this.#hash = hash;
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
      case "base64url":
        // RFC 4648 section 5. The stand-in for Buffer does not know it.
        return Buffer.from(digest)
          .toString("base64")
          .replaceAll("+", "-")
          .replaceAll("/", "_")
          .replace(/=+$/, "");
      case "buffer":
        return Buffer.from(digest);
    }
  }
}

export function createHash(algorithm: Algorithm): Hash {
  return new Hash(ALGORITHMS[algorithm].create());
}

export function createHmac(algorithm: Algorithm, key: string): Hash {
  return new Hash(hmac.create(ALGORITHMS[algorithm], new TextEncoder().encode(key)));
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
