import type { Eviction } from "../../edge/store/eviction/eviction.ts";
import { Queues } from "../../edge/store/eviction/queues.ts";
import { Rows } from "../../edge/store/rows.ts";
import { FrequencySketch } from "./frequency-sketch.ts";
import { WindowShare } from "./window-share.ts";

const WINDOW = 1;
const PROBATION = 2;
const PROTECTED = 3;

const HASH = 0;

// As in Caffeine: of what is beyond the window, what was used again.
const PROTECTED_SHARE = 0.8;

/**
 * W-TinyLFU (Einziger, Eytan, Friedman and Manes, 2018): what comes waits in a window. What falls out of it stays only if
 * it was asked for more often of late than what would go in its place. The size of the window follows the hit ratio.
 */
export class WTinyLfu implements Eviction {
  readonly #queues = new Queues(3);
  readonly #marks = new Rows(1);
  readonly #sketch = new FrequencySketch();
  readonly #share = new WindowShare();
  /** The last that fell out of the window, if it is still in probation. */
  #candidate = 0;
  #victim = 0;

  added(entry: number, hash: number, bytes: number): void {
    this.#marks.reach(entry);
    this.#marks.set(entry, HASH, hash);
    this.#queues.add(entry, WINDOW, bytes);
    this.#sketch.reach(this.#queues.entries);
    this.#sketch.add(hash);
    this.#share.missed(this.#queues.entries);
    this.#shrinkWindow();
  }

  used(entry: number): void {
    const queues = this.#queues;
    this.#sketch.add(this.#marks.get(entry, HASH));
    this.#share.hit(queues.entries);
    const queue = queues.queueOf(entry);
    if (queue === 0) return;
    queues.move(entry, queue === WINDOW ? WINDOW : PROTECTED);
    if (queue === PROBATION) this.#shrinkProtected();
  }

  removed(entry: number): void {
    if (this.#queues.queueOf(entry) === 0) return;
    this.#queues.remove(entry);
    if (entry === this.#candidate) this.#candidate = 0;
    if (entry === this.#victim) this.#victim = 0;
  }

  victim(): number | undefined {
    if (this.#victim === 0) this.#victim = this.#next();
    return this.#victim === 0 ? undefined : this.#victim;
  }

  #next(): number {
    const queues = this.#queues;
    const victim = queues.oldest(PROBATION) || queues.oldest(PROTECTED);
    if (victim === 0) return queues.oldest(WINDOW);
    const candidate = queues.queueOf(this.#candidate) === PROBATION ? this.#candidate : 0;
    this.#candidate = 0;
    if (candidate === 0 || candidate === victim) return victim;
    return this.#frequency(candidate) > this.#frequency(victim) ? victim : candidate;
  }

  #frequency(entry: number): number {
    return this.#sketch.of(this.#marks.get(entry, HASH));
  }

  get #bytes(): number {
    return this.#queues.bytesOf(WINDOW) + this.#main;
  }

  get #main(): number {
    return this.#queues.bytesOf(PROBATION) + this.#queues.bytesOf(PROTECTED);
  }

  #shrinkWindow(): void {
    const queues = this.#queues;
    const most = this.#share.value * this.#bytes;
    while (queues.bytesOf(WINDOW) > most) {
      const entry = queues.oldest(WINDOW);
      queues.move(entry, PROBATION);
      this.#candidate = entry;
    }
  }

  #shrinkProtected(): void {
    const queues = this.#queues;
    while (queues.bytesOf(PROTECTED) > PROTECTED_SHARE * this.#main)
      queues.move(queues.oldest(PROTECTED), PROBATION);
  }
}
