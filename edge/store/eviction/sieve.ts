import { Rows } from "../rows.ts";
import type { Eviction } from "./eviction.ts";
import { Queues } from "./queues.ts";

const QUEUE = 1;
const VISITED = 0;

// A step takes some 20 ns. Beyond these the next entry goes whether it was used or not, so that no request waits.
const MOST_STEPS = 1_000;

/**
 * SIEVE (Zhang and others, NSDI 2024): the entries stay in the order in which they came, and a hand goes from the oldest
 * to the newest. It gives up the first that was not used since it last came by.
 */
export class Sieve implements Eviction {
  readonly #queues = new Queues(1);
  readonly #marks = new Rows(1);
  /** Where the hand goes on; 0: at the oldest. */
  #hand = 0;

  added(entry: number, _hash: number, bytes: number): void {
    this.#marks.reach(entry);
    this.#marks.set(entry, VISITED, 0);
    this.#queues.add(entry, QUEUE, bytes);
  }

  used(entry: number): void {
    this.#marks.set(entry, VISITED, 1);
  }

  removed(entry: number): void {
    if (this.#queues.queueOf(entry) === 0) return;
    if (entry === this.#hand) this.#hand = this.#queues.newer(entry);
    this.#queues.remove(entry);
  }

  victim(): number | undefined {
    let entry = this.#hand === 0 ? this.#queues.oldest(QUEUE) : this.#hand;
    for (let steps = 0; steps < MOST_STEPS && entry !== 0; steps += 1) {
      if (this.#marks.get(entry, VISITED) === 0) break;
      this.#marks.set(entry, VISITED, 0);
      const newer = this.#queues.newer(entry);
      entry = newer === 0 ? this.#queues.oldest(QUEUE) : newer;
    }
    this.#hand = entry;
    if (entry === 0) return undefined;
    this.#marks.set(entry, VISITED, 0);
    return entry;
  }
}
