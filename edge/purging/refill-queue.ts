/** One stored response that waits to be asked for again, without its bytes. */
export interface Waiting {
  /** Its key, with what sets it apart from the other variants under that key. */
  readonly id: string;
  readonly key: string;
  /** How much its key had been used lately when it was queued. */
  readonly heat: number;
  /** The pace of the latest purge that covers it, in requests a second. While it waits, the queue's to change. */
  pace: number;
  /** Failed tries so far. */
  readonly failures: number;
}

/** The entries that wait for a revalidation: each id once, the most used first. */
export class RefillQueue {
  readonly #waiting = new Map<string, Waiting>();
  /** How many wait of each pace. */
  readonly #paces = new Map<number, number>();
  /** A binary heap, the most used on top. An entry that is no longer in `#waiting` is skipped when it comes up. */
  #heap: Waiting[] = [];

  get size(): number {
    return this.#waiting.size;
  }

  /** The slowest pace of those that wait, so that no purge's bound is broken; undefined when nothing waits. */
  get pace(): number | undefined {
    return this.#paces.size === 0 ? undefined : Math.min(...this.#paces.keys());
  }

  has(id: string): boolean {
    return this.#waiting.has(id);
  }

  /** An entry that waits already keeps its place and takes the new pace. Returns whether it is new. */
  add(entry: Waiting): boolean {
    const known = this.#waiting.get(entry.id);
    this.#count(entry.pace, 1);
    if (known === undefined) this.#push(entry);
    else {
      this.#count(known.pace, -1);
      known.pace = entry.pace;
    }
    return known === undefined;
  }

  hottest(): Waiting | undefined {
    for (;;) {
      const [top] = this.#heap;
      if (top === undefined || this.#waiting.get(top.id) === top) return top;
      this.#pop();
    }
  }

  remove(id: string): void {
    const entry = this.#waiting.get(id);
    if (entry === undefined) return;
    this.#waiting.delete(id);
    this.#count(entry.pace, -1);
  }

  /** In no order. Entries that come or go meanwhile may be met or not. */
  [Symbol.iterator](): Iterator<Waiting> {
    return this.#waiting.values();
  }

  #count(pace: number, more: number): void {
    const count = (this.#paces.get(pace) ?? 0) + more;
    if (count > 0) this.#paces.set(pace, count);
    else this.#paces.delete(pace);
  }

  #push(entry: Waiting): void {
    this.#waiting.set(entry.id, entry);
    // More than half of the heap is to be skipped. It is made anew, so that its size is bounded by what waits.
    if (this.#heap.length >= 2 * this.#waiting.size) this.#sortAnew();
    else {
      this.#heap.push(entry);
      this.#rise(this.#heap.length - 1);
    }
  }

  #sortAnew(): void {
    this.#heap = [...this.#waiting.values()];
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i -= 1) this.#sink(i);
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(from: number): void {
    for (let at = from; at > 0; ) {
      const above = (at - 1) >> 1;
      if (!this.#swapIfHotter(at, above)) return;
      at = above;
    }
  }

  #sink(from: number): void {
    for (let at = from; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const hotter = this.#isHotter(right, left) ? right : left;
      if (!this.#swapIfHotter(hotter, at)) return;
      at = hotter;
    }
  }

  #swapIfHotter(below: number, above: number): boolean {
    const [lower, upper] = [this.#heap[below], this.#heap[above]];
    if (lower === undefined || upper === undefined || lower.heat <= upper.heat) return false;
    this.#heap[above] = lower;
    this.#heap[below] = upper;
    return true;
  }

  #isHotter(a: number, b: number): boolean {
    return (
      (this.#heap[a]?.heat ?? Number.NEGATIVE_INFINITY) > (this.#heap[b]?.heat ?? Number.NEGATIVE_INFINITY)
    );
  }
}
