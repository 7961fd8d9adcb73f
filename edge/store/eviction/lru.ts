import { Rows } from "../rows.ts";
import type { Eviction } from "./eviction.ts";

// The entries stand in a ring, in the order of their last use. Row 0 is where it begins and ends.
const OLDER = 0;
const NEWER = 1;
const RING = 0;

/** Gives up the entry that has not been used for the longest time. */
export class LeastRecentlyUsed implements Eviction {
  /** An entry that is not in the ring has 0 in both columns. */
  readonly #order = new Rows(2);

  constructor() {
    this.#order.reach(RING);
  }

  added(entry: number): void {
    this.#order.reach(entry);
    this.removed(entry);
    const newest = this.#order.get(RING, OLDER);
    this.#join(newest, entry);
    this.#join(entry, RING);
  }

  used(entry: number): void {
    if (this.#holds(entry)) this.added(entry);
  }

  removed(entry: number): void {
    if (!this.#holds(entry)) return;
    this.#join(this.#order.get(entry, OLDER), this.#order.get(entry, NEWER));
    this.#order.set(entry, OLDER, RING);
    this.#order.set(entry, NEWER, RING);
  }

  victim(): number | undefined {
    const oldest = this.#order.get(RING, NEWER);
    return oldest === RING ? undefined : oldest;
  }

  #holds(entry: number): boolean {
    return this.#order.get(entry, OLDER) !== RING || this.#order.get(RING, NEWER) === entry;
  }

  #join(older: number, newer: number): void {
    this.#order.set(older, NEWER, newer);
    this.#order.set(newer, OLDER, older);
  }
}
