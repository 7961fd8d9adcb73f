import { Rows } from "../rows.ts";
import type { Eviction } from "./eviction.ts";
import { Ghosts } from "./ghosts.ts";
import { Queues } from "./queues.ts";

const SMALL = 1;
const MAIN = 2;

const USES = 0;
const HASH = 1;
const MOST_USES = 3;

// A step takes some 20 ns. Beyond these the next entry goes whether it was used or not, so that no request waits.
const MOST_STEPS = 1_000;

// As in the paper: most of what comes is asked for once only, and a tenth is enough to find that out.
const SMALL_SHARE = 0.1;

/**
 * S3-FIFO (Yang and others, SOSP 2023): what comes waits in a small queue, and moves to the main one if it is used there.
 * What was given up from the small queue and comes again goes to the main queue at once.
 */
export class S3Fifo implements Eviction {
  readonly #queues = new Queues(2);
  readonly #marks = new Rows(2);
  readonly #ghosts = new Ghosts();
  #victim = 0;

  added(entry: number, hash: number, bytes: number): void {
    this.#marks.reach(entry);
    this.#marks.set(entry, USES, 0);
    this.#marks.set(entry, HASH, hash);
    this.#queues.add(entry, this.#ghosts.take(hash, this.#queues.entries) ? MAIN : SMALL, bytes);
  }

  used(entry: number): void {
    const uses = this.#marks.get(entry, USES);
    if (uses < MOST_USES) this.#marks.set(entry, USES, uses + 1);
  }

  removed(entry: number): void {
    const queue = this.#queues.queueOf(entry);
    if (queue === 0) return;
    if (entry === this.#victim && queue === SMALL)
      this.#ghosts.add(this.#marks.get(entry, HASH), this.#queues.entries);
    this.#queues.remove(entry);
    if (entry === this.#victim) this.#victim = 0;
  }

  victim(): number | undefined {
    if (this.#victim === 0) this.#victim = this.#next();
    return this.#victim === 0 ? undefined : this.#victim;
  }

  #next(): number {
    const queues = this.#queues;
    for (let steps = 0; steps < MOST_STEPS; steps += 1) {
      const small = queues.bytesOf(SMALL);
      const main = queues.oldest(MAIN);
      const entry = queues.oldest(SMALL);
      if (entry !== 0 && (main === 0 || small > SMALL_SHARE * (small + queues.bytesOf(MAIN)))) {
        if (this.#marks.get(entry, USES) === 0) return entry;
        this.#marks.set(entry, USES, 0);
        queues.move(entry, MAIN);
      } else if (main === 0) return 0;
      else {
        const uses = this.#marks.get(main, USES);
        if (uses === 0) return main;
        this.#marks.set(main, USES, uses - 1);
        queues.move(main, MAIN);
      }
    }
    return queues.oldest(MAIN) || queues.oldest(SMALL);
  }
}
