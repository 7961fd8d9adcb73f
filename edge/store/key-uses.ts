import type { KeyTable } from "./key-table.ts";

// A use counts half after so many uses of all keys: 13 seconds at 20,000 requests a second, an afternoon at 10.
const USES_A_PERIOD = 2 ** 18;

/** How often keys were used of late. */
export class KeyUses {
  #uses = 0;

  get #period(): number {
    return Math.floor(this.#uses / USES_A_PERIOD);
  }

  /** Returns how often, with this time. */
  used(keys: KeyTable, row: number): number {
    this.#uses += 1;
    return keys.use(row, this.#period);
  }

  /** 0 for no row. */
  of(keys: KeyTable, row: number): number {
    return row === 0 ? 0 : keys.usesOf(row, this.#period);
  }

  set(keys: KeyTable, row: number, uses: number): void {
    keys.setUses(row, uses, this.#period);
  }
}
