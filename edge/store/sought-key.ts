import { hashBegin, hashBytes, hashEnd, hashOf } from "../../process/text-hash.ts";

// Of the longest key that is looked for as bytes.
const ROOM = 4 * 1024;
// UTF-8 has no more bytes for a char of a text.
const MOST_BYTES_A_CHAR = 3;

/**
 * A key that is looked for, in two texts. The texts of a request are parts of longer ones: to read such a text char by char
 * takes longer than the whole look-up. So the key is written as bytes once, and is hashed and compared as bytes.
 */
export class SoughtKey {
  readonly #bytes = Buffer.allocUnsafeSlow(ROOM);
  #prefix = "";
  #rest = "";
  /** Where the prefix ends; -1: it is not ASCII, or too long. */
  #prefixEnd = 0;
  /** Bytes of the whole; -1 as above. */
  #length = 0;
  #seed = 0;
  /** Of the hash, behind the prefix. */
  #state = hashBegin(0);

  /** The key that two texts make together. */
  set(prefix: string, rest: string): this {
    if (prefix !== this.#prefix) this.#setPrefix(prefix);
    this.#rest = rest;
    const end = this.#prefixEnd === -1 ? -1 : this.#write(rest, this.#prefixEnd);
    this.#length = end;
    return this;
  }

  #setPrefix(prefix: string): void {
    this.#prefix = prefix;
    this.#prefixEnd = this.#write(prefix, 0);
    this.#state = this.#stateBehindPrefix();
  }

  /** Returns where it ends. -1: it has chars of which a byte is not the same as the char, or there may be no room. */
  #write(text: string, at: number): number {
    if (at + MOST_BYTES_A_CHAR * text.length > ROOM) return -1;
    const written = this.#bytes.write(text, at);
    return written === text.length ? at + written : -1;
  }

  #stateBehindPrefix(): number {
    return hashBytes(hashBegin(this.#seed), this.#bytes, 0, Math.max(0, this.#prefixEnd));
  }

  get text(): string {
    return this.#prefix + this.#rest;
  }

  /** As `hashOf` of its text. */
  hash(seed: number): number {
    if (this.#length === -1) return hashOf(this.text, seed);
    if (seed !== this.#seed) {
      this.#seed = seed;
      this.#state = this.#stateBehindPrefix();
    }
    return hashEnd(hashBytes(this.#state, this.#bytes, this.#prefixEnd, this.#length));
  }

  /** Whether its chars stand there, a byte each. */
  stands(bytes: Buffer, from: number, length: number): boolean {
    if (this.#length === -1) return bytes.toString("latin1", from, from + length) === this.text;
    if (length !== this.#length) return false;
    const own = this.#bytes;
    // The ends of keys differ more often than their begins.
    for (let at = length - 1; at >= 0; at -= 1) if (own[at] !== bytes[from + at]) return false;
    return true;
  }
}
