import { FIRST, HASH, KEY_WORDS, NEXT_KEY, PERIOD, USES } from "./directory-layout.ts";
import { HashChains } from "./hash-chains.ts";
import { type OnPiece, Rows } from "./rows.ts";
import { SoughtKey } from "./sought-key.ts";
import { usesAfter } from "./use-count.ts";

/** Whether a response has this key. */
export type HasKey = (response: number, key: SoughtKey) => boolean;

export interface KeyTableOptions {
  readonly seed: number;
  readonly hasKey: HasKey;
  readonly onKeys: OnPiece | undefined;
  readonly onHeads: OnPiece | undefined;
}

/** The keys of a directory, with the first response of each. Their texts stand in the records of the responses. */
export class KeyTable {
  readonly #rows: Rows;
  readonly #chains: HashChains;
  readonly #hasKey: HasKey;
  readonly #sought = new SoughtKey();

  constructor({ seed, hasKey, onKeys, onHeads }: KeyTableOptions) {
    this.#rows = new Rows(KEY_WORDS, onKeys);
    this.#chains = new HashChains(this.#rows, { hash: HASH, next: NEXT_KEY }, seed, onHeads);
    this.#hasKey = hasKey;
  }

  /** The row of the key that two texts make together; 0: it is not there. They need not be put together. */
  find(prefix: string, rest = ""): number {
    const sought = this.#sought.set(prefix, rest);
    const hash = sought.hash(this.#chains.seed);
    let row = this.#chains.first(hash);
    while (row !== 0) {
      if (this.hashOf(row) === hash && this.#hasKey(this.firstOf(row), sought)) return row;
      row = this.#rows.get(row, NEXT_KEY);
    }
    return 0;
  }

  /** A key that is not there. */
  add(key: string, first: number): number {
    const row = this.#rows.take();
    this.#rows.set(row, HASH, this.#chains.hashOf(key));
    this.#rows.set(row, FIRST, first);
    this.setUses(row, 0, 0);
    this.#chains.add(row);
    return row;
  }

  remove(row: number): void {
    this.#chains.remove(row);
    this.#rows.give(row);
  }

  hashOf(row: number): number {
    return this.#rows.get(row, HASH);
  }

  firstOf(row: number): number {
    return this.#rows.get(row, FIRST);
  }

  setFirst(row: number, response: number): void {
    this.#rows.set(row, FIRST, response);
  }

  /** Returns its uses, with this one. */
  use(row: number, period: number): number {
    const uses = this.usesOf(row, period) + 1;
    this.setUses(row, uses, period);
    return uses;
  }

  usesOf(row: number, period: number): number {
    return usesAfter(this.#rows.get(row, USES), period - this.#rows.get(row, PERIOD));
  }

  setUses(row: number, uses: number, period: number): void {
    this.#rows.set(row, USES, uses);
    this.#rows.set(row, PERIOD, period);
  }
}
