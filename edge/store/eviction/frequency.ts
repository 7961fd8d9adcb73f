import { Rows } from "../rows.ts";
import type { Eviction } from "./eviction.ts";
import { FrequencySketch } from "./frequency-sketch.ts";
import { Ghosts } from "./ghosts.ts";
import { Queues } from "./queues.ts";

const SMALL = 1;
const MAIN = 2;

/** Uses since the policy last looked at the entry. */
const USES = 0;
const HASH = 1;
/** What is added to the count of its key. */
const BONUS = 2;

// As in S3-FIFO. In simulations of Zipf, scans and news, 5 % and 20 % were better for some of them and worse for more.
const SMALL_SHARE = 0.1;
// As in S3-FIFO: what was popular leaves after so many rounds without a use.
const MOST_USES = 3;
// What comes again soon after it lost is popular now, whatever its count. With 1, pages that come in turn are lost.
const AGAIN = 2;
// Where everything in the main queue is in use, a round would be as long as the queue. So many steps take 0.1 ms.
const MOST_STEPS = 1_000;

/**
 * Gives up what was asked for least often of late. What comes waits in a small queue, and moves to the main one if it is
 * used there, as in S3-FIFO. Otherwise it moves only if its key came more often than that of the entry that the main queue
 * would give up, as in TinyLFU: the rarer one of the two goes. So a scan passes through the small queue.
 *
 * A use only sets a counter. While there is room, every entry stays.
 */
export class Frequency implements Eviction {
  readonly #queues = new Queues(2);
  readonly #marks = new Rows(3);
  readonly #sketch = new FrequencySketch();
  readonly #losers = new Ghosts();
  /** Bytes added since something last had to go. */
  #fresh = 0;
  #victim = 0;

  added(entry: number, hash: number, bytes: number): void {
    const queues = this.#queues;
    this.#marks.reach(entry);
    this.#marks.set(entry, USES, 0);
    this.#marks.set(entry, HASH, hash);
    this.#marks.set(entry, BONUS, this.#losers.take(hash, queues.entries) ? AGAIN : 0);
    this.#sketch.reach(queues.entries + 1);
    this.#sketch.add(hash, 1);
    queues.add(entry, SMALL, bytes);
    // While there is room nothing is compared, or the small queue would hold everything.
    const half = (queues.bytesOf(SMALL) + queues.bytesOf(MAIN)) / 2;
    while (this.#fresh > half && this.#smallIsFull() && queues.newer(queues.oldest(SMALL)) !== 0)
      this.#promote(queues.oldest(SMALL));
    this.#fresh += bytes;
  }

  #smallIsFull(): boolean {
    const small = this.#queues.bytesOf(SMALL);
    return small > SMALL_SHARE * (small + this.#queues.bytesOf(MAIN));
  }

  used(entry: number): void {
    const uses = this.#marks.get(entry, USES);
    if (uses < MOST_USES) this.#marks.set(entry, USES, uses + 1);
  }

  removed(entry: number): void {
    if (this.#queues.queueOf(entry) === 0) return;
    // A key that comes again, such as with a new version, is as popular as it was.
    this.#countUses(entry);
    this.#queues.remove(entry);
    if (entry === this.#victim) this.#victim = 0;
  }

  victim(): number | undefined {
    if (this.#victim === 0) this.#victim = this.#next();
    return this.#victim === 0 ? undefined : this.#victim;
  }

  #next(): number {
    this.#fresh = 0;
    for (;;) {
      const rival = this.#leastOfMain();
      const candidate = this.#queues.oldest(SMALL);
      if (rival === 0 || candidate === 0) return candidate + rival;
      if (!this.#smallIsFull()) return rival;
      if (this.#marks.get(candidate, USES) === 0) return this.#loser(candidate, rival);
      this.#promote(candidate);
    }
  }

  #loser(candidate: number, rival: number): number {
    if (this.#popularity(candidate) > this.#popularity(rival)) {
      this.#promote(candidate);
      return rival;
    }
    this.#losers.add(this.#marks.get(candidate, HASH), this.#queues.entries);
    return candidate;
  }

  #popularity(entry: number): number {
    return this.#sketch.count(this.#marks.get(entry, HASH)) + this.#marks.get(entry, BONUS);
  }

  #promote(entry: number): void {
    this.#countUses(entry);
    this.#marks.set(entry, BONUS, 0);
    this.#queues.move(entry, MAIN);
  }

  /** The uses of an entry reach the sketch only when the policy looks at it, so that a use costs no more than its counter. */
  #countUses(entry: number): void {
    const uses = this.#marks.get(entry, USES);
    if (uses > 0) this.#sketch.add(this.#marks.get(entry, HASH), uses);
    this.#marks.set(entry, USES, 0);
  }

  /** The oldest one of the main queue that was not used since it came to its end; 0: the queue is empty. */
  #leastOfMain(): number {
    const queues = this.#queues;
    for (let steps = 0; steps < MOST_STEPS; steps += 1) {
      const entry = queues.oldest(MAIN);
      const uses = entry === 0 ? 0 : this.#marks.get(entry, USES);
      if (uses === 0) return entry;
      this.#sketch.add(this.#marks.get(entry, HASH), 1);
      this.#marks.set(entry, USES, uses - 1);
      queues.move(entry, MAIN);
    }
    return queues.oldest(MAIN);
  }
}
