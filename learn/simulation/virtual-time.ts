interface Event {
  readonly at: number;
  /** Events of the same moment happen in the order in which they were planned. */
  readonly order: number;
  run: (() => void) | undefined;
}

/** Time that passes only from event to event: an hour of waiting takes no time at all. */
export class VirtualTime {
  /** Milliseconds since the world began. */
  now = 0;
  readonly #heap: Event[] = [];
  #planned = 0;

  /** Plans `run`; returns how to call it off. */
  at(when: number, run: () => void): () => void {
    const event: Event = { at: Math.max(when, this.now), order: this.#planned, run };
    this.#planned += 1;
    this.#push(event);
    return () => {
      event.run = undefined;
    };
  }

  after(ms: number, run: () => void): () => void {
    return this.at(this.now + ms, run);
  }

  /** Lets everything happen that is planned up to `until`, each event with all that follows from it at once. */
  async runUntil(until: number): Promise<void> {
    await settled();
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.at > until) break;
      this.#pop();
      if (next.run === undefined) continue;
      this.now = next.at;
      next.run();
      await settled();
    }
    this.now = until;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let hole = heap.push(event) - 1;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(event, above)) break;
      heap[hole] = above;
      hole = parent;
    }
    heap[hole] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      let smaller = left;
      if (right !== undefined && isBefore(right, left)) {
        smaller = right;
        child += 1;
      }
      if (!isBefore(smaller, last)) break;
      heap[hole] = smaller;
      hole = child;
    }
    heap[hole] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Resolves when every promise that can go on without the clock has done so. It must be called from a promise. */
function settled(): Promise<void> {
  // Node runs this callback when its queue of microtasks has become empty, those that they add included.
  return new Promise((resolve) => process.nextTick(resolve));
}
