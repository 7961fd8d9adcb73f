import { FIRST, HASH, KEY_WORDS, NEXT_KEY, PERIOD, USES } from "./directory-layout.ts";
import { HashChains } from "./hash-chains.ts";
import { type OnPiece, Rows } from "./rows.ts";
import { usesAfter } from "./use-count.ts";

/** Whether a response has the key that these two texts make together. */
export type HasKey = (response: number, prefix: string, rest: string) => boolean;

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

  constructor({ seed, hasKey, onKeys, onHeads }: KeyTableOptions) {
    this.#rows = new Rows(KEY_WORDS, onKeys);
    this.#chains = new HashChains(this.#rows, { hash: HASH, next: NEXT_KEY }, seed, onHeads);
    this.#hasKey = hasKey;
  }

  /** The row of the key that two texts make together; 0: it is not there. They need not be put together. */
  find(prefix: string, rest = ""): number {
    const hash = this.#chains.hashOfBoth(prefix, rest);
    let row = this.#chains.first(hash);
    while (row !== 0) {
      if (this.hashOf(row) === hash && this.#hasKey(this.firstOf(row), prefix, rest)) return row;
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

  use(row: number, period: number): void {
    this.setUses(row, this.usesOf(row, period) + 1, period);
  }

  usesOf(row: number, period: number): number {
    return usesAfter(this.#rows.get(row, USES), period - this.#rows.get(row, PERIOD));
  }

  setUses(row: number, uses: number, period: number): void {
    this.#rows.set(row, USES, uses);
    this.#rows.set(row, PERIOD, period);
  }
}
