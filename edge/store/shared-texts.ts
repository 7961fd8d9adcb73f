import { HashChains } from "./hash-chains.ts";
import { Rows } from "./rows.ts";
import { type Extent, offsetOf, Slab, type SlabOptions } from "./slab.ts";

// Of a text, in the table.
const HASH = 0;
const NEXT = 1;
const USERS = 2;
const ADDRESS = 3;

// Of a block, in words and bytes. The slab keeps the row, as the owner.
const ROW = 0;
const LENGTH = 1;
const TEXT_AT = 8;

export interface SharedTextsOptions extends Pick<SlabOptions, "poisons" | "onPiece"> {
  /** As of HashChains. */
  readonly seed?: number | undefined;
}

/** Texts that many records have in common: each is kept once, for as long as a record uses it. */
export class SharedTexts {
  /** Of their own: no text moves, because records have its address. */
  readonly #slab: Slab;
  readonly #rows = new Rows(4);
  readonly #chains: HashChains;

  constructor({ seed = 0, ...options }: SharedTextsOptions = {}) {
    this.#slab = new Slab(options);
    this.#chains = new HashChains(this.#rows, { hash: HASH, next: NEXT }, seed);
  }

  /** Bytes of memory in use. */
  get held(): number {
    return this.#slab.held;
  }

  /** The address of the text, which has one more user from now on. */
  take(text: string): number {
    const hash = this.#chains.hashOf(text);
    const found = this.#found(text, hash);
    if (found === 0) return this.#add(text, hash);
    this.#rows.set(found, USERS, this.#rows.get(found, USERS) + 1);
    return this.#addressOf(found);
  }

  /** The text has one user less. Returns whether that was the last one. */
  give(address: number): boolean {
    const row = this.#slab.extentOf(address).ints[(offsetOf(address) >> 2) + ROW] ?? 0;
    const users = this.#rows.get(row, USERS) - 1;
    this.#rows.set(row, USERS, users);
    if (users > 0) return false;
    this.#chains.remove(row);
    this.#rows.give(row);
    this.#slab.give(address);
    return true;
  }

  textAt(address: number): string {
    const { bytes, ints } = this.#slab.extentOf(address);
    const at = offsetOf(address);
    return bytes.toString("utf8", at + TEXT_AT, at + TEXT_AT + (ints[(at >> 2) + LENGTH] ?? 0));
  }

  #found(text: string, hash: number): number {
    let row = this.#chains.first(hash);
    while (row !== 0) {
      if (this.#rows.get(row, HASH) === hash && this.textAt(this.#addressOf(row)) === text) return row;
      row = this.#rows.get(row, NEXT);
    }
    return 0;
  }

  #add(text: string, hash: number): number {
    const length = Buffer.byteLength(text);
    const row = this.#rows.take();
    const address = this.#slab.take(TEXT_AT + length, row);
    const { bytes, ints } = this.#slab.extentOf(address);
    const at = offsetOf(address);
    ints[(at >> 2) + LENGTH] = length;
    bytes.write(text, at + TEXT_AT);
    this.#rows.set(row, HASH, hash);
    this.#rows.set(row, USERS, 1);
    this.#rows.set(row, ADDRESS, address);
    this.#chains.add(row);
    return address;
  }

  #addressOf(row: number): number {
    return this.#rows.get(row, ADDRESS) >>> 0;
  }
}

/** A copy of the memory of a text. `isText` tells whether the same stands there, which costs less than to read it. */
export function wordsOfText({ ints }: Extent, at: number): Int32Array {
  const from = (at >> 2) + LENGTH;
  return ints.slice(from, from + 1 + Math.ceil((ints[from] ?? 0) / 4));
}

/** `words`: of `wordsOfText`. */
export function textOfWords(words: Int32Array): string {
  const [length = 0] = words;
  return Buffer.from(words.buffer, words.byteOffset + Int32Array.BYTES_PER_ELEMENT).toString(
    "utf8",
    0,
    length,
  );
}

export function isText({ ints }: Extent, at: number, words: Int32Array): boolean {
  const from = (at >> 2) + LENGTH;
  for (let word = 0; word < words.length; word += 1) if (ints[from + word] !== words[word]) return false;
  return true;
}
