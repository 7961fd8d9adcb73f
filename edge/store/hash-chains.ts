import { hashOf } from "../../process/text-hash.ts";
import { type OnPiece, Rows } from "./rows.ts";

/** Where the rows of a table keep their hash, and the next row of their chain. */
export interface ChainColumns {
  readonly hash: number;
  readonly next: number;
}

const LEAST_CHAINS = 64;

// The first rows of the table of heads say how many chains there are, and by which seed texts are hashed. Then come the
// heads.
const SIZE = 0;
const SPLIT = 1;
const SEED = 2;
const HEADS = 3;

/** The seed of the chains whose heads are in this table, also one that another thread writes. */
export function seedIn(heads: Rows): number {
  return heads.get(SEED, 0);
}

/** The first row of the chain that a hash belongs to, in a table of heads, also one that another thread writes. */
export function chainIn(heads: Rows, hash: number): number {
  return heads.get(HEADS + chainOf(hash, heads.get(SIZE, 0), heads.get(SPLIT, 0)), 0);
}

function chainOf(hash: number, size: number, split: number): number {
  const chain = hash & (2 * size - 1);
  return chain < size + split ? chain : chain & (size - 1);
}

/**
 * Finds the rows of a table by their hash. It is linear hashing: whenever there are more rows than chains, one chain is
 * split into two. So it grows with no step that moves more than the few rows of a chain.
 */
export class HashChains {
  readonly #rows: Rows;
  readonly #columns: ChainColumns;
  readonly #heads: Rows;
  /** Chains before this round of splits; a power of two. */
  #size = LEAST_CHAINS;
  /** How many of them are split. */
  #split = 0;
  #count = 0;
  /** Records that are written one after the other often share a text. */
  #latest: { readonly text: string; readonly hash: number } | undefined;

  constructor(rows: Rows, columns: ChainColumns, seed: number, onPiece?: OnPiece) {
    this.#rows = rows;
    this.#columns = columns;
    this.#heads = new Rows(1, onPiece);
    this.#heads.reach(HEADS + LEAST_CHAINS);
    this.#heads.set(SIZE, 0, LEAST_CHAINS);
    this.#heads.set(SEED, 0, seed);
  }

  /** `salt`: tells texts of different kinds apart. */
  hashOf(text: string, salt = 0): number {
    if (salt !== 0) return hashOf(text, seedIn(this.#heads) ^ salt);
    if (text === this.#latest?.text) return this.#latest.hash;
    const hash = hashOf(text, seedIn(this.#heads));
    this.#latest = { text, hash };
    return hash;
  }

  get seed(): number {
    return seedIn(this.#heads);
  }

  /** The first row of the chain in which all rows with this hash are, and others; 0: it is empty. */
  first(hash: number): number {
    return this.#heads.get(this.#chainOf(hash), 0);
  }

  add(row: number): void {
    this.#link(row, this.#chainOf(this.#rows.get(row, this.#columns.hash)));
    this.#count += 1;
    if (this.#count > this.#size + this.#split) this.#splitOne();
  }

  /** The row must be there. */
  remove(row: number): void {
    const { hash, next } = this.#columns;
    const chain = this.#chainOf(this.#rows.get(row, hash));
    const after = this.#rows.get(row, next);
    this.#count -= 1;
    let at = this.#heads.get(chain, 0);
    if (at === row) {
      this.#heads.set(chain, 0, after);
      return;
    }
    while (at !== 0) {
      const following = this.#rows.get(at, next);
      if (following === row) {
        this.#rows.set(at, next, after);
        return;
      }
      at = following;
    }
  }

  #chainOf(hash: number): number {
    return HEADS + chainOf(hash, this.#size, this.#split);
  }

  #link(row: number, chain: number): void {
    this.#rows.set(row, this.#columns.next, this.#heads.get(chain, 0));
    this.#heads.set(chain, 0, row);
  }

  #splitOne(): void {
    const old = this.#split;
    this.#heads.reach(HEADS + this.#size + old);
    let at = this.#heads.get(HEADS + old, 0);
    this.#heads.set(HEADS + old, 0, 0);
    this.#split += 1;
    this.#heads.set(SPLIT, 0, this.#split);
    while (at !== 0) {
      const following = this.#rows.get(at, this.#columns.next);
      this.#link(at, this.#chainOf(this.#rows.get(at, this.#columns.hash)));
      at = following;
    }
    if (this.#split < this.#size) return;
    this.#size *= 2;
    this.#split = 0;
    this.#heads.set(SPLIT, 0, 0);
    this.#heads.set(SIZE, 0, this.#size);
  }
}
