/** A stored response that waits for its refetch, without its bytes. */
export interface Waiting {
  /** Its key and its selecting values, which tell it from the other variants of the key. */
  readonly id: string;
  readonly key: string;
  /** How often its key had been used recently when it was queued. */
  readonly uses: number;
  /** The pace of the latest purge that covers it, in requests a second. The queue changes it while it waits. */
  pace: number;
  /** Failed tries so far. */
  readonly failures: number;
}

/** The entries that wait for a refetch: each id once, the most used first. */
export class RefillQueue {
  readonly #waiting = new Map<string, Waiting>();
  /** The number of waiting entries for each pace. */
  readonly #paces = new Map<number, number>();
  /** A binary heap, the most used on top. An entry that is no longer in `#waiting` is skipped at the top. */
  #heap: Waiting[] = [];

  get size(): number {
    return this.#waiting.size;
  }

  /** The slowest pace of the waiting entries, so that every purge's pace is kept; undefined when nothing waits. */
  get pace(): number | undefined {
    return this.#paces.size === 0 ? undefined : Math.min(...this.#paces.keys());
  }

  has(id: string): boolean {
    return this.#waiting.has(id);
  }

  /** An entry that already waits keeps its place and gets the new pace. Returns whether it is new. */
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

  mostUsed(): Waiting | undefined {
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

  /** In no order. May include entries that are added or removed meanwhile. */
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
    // More than half of the heap would be skipped. Rebuild it, so that the waiting entries bound its size.
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
      if (!this.#swapIfMoreUsed(at, above)) return;
      at = above;
    }
  }

  #sink(from: number): void {
    for (let at = from; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const child = this.#isMoreUsed(right, left) ? right : left;
      if (!this.#swapIfMoreUsed(child, at)) return;
      at = child;
    }
  }

  #swapIfMoreUsed(below: number, above: number): boolean {
    const [lower, upper] = [this.#heap[below], this.#heap[above]];
    if (lower === undefined || upper === undefined || lower.uses <= upper.uses) return false;
    this.#heap[above] = lower;
    this.#heap[below] = upper;
    return true;
  }

  #isMoreUsed(a: number, b: number): boolean {
    return (
      (this.#heap[a]?.uses ?? Number.NEGATIVE_INFINITY) > (this.#heap[b]?.uses ?? Number.NEGATIVE_INFINITY)
    );
  }
}
