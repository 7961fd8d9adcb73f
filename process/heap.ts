import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// The engine collects all the time where less is free.
const LEAST_PERCENT = 20;

// The same where most memory is in buffers, which are no work for the collector.
const LEAST_WITH_BUFFERS = 4;

/**
 * How many percent memory may grow beyond what a full collection has left before the next one, so that it holds about
 * `garbage` bytes that nobody uses. `live`: bytes of objects. `buffers`: bytes outside of the heap.
 */
export function growthPercent(live: number, garbage: number, buffers = 0): number {
  const all = live + buffers;
  const least = Math.max(LEAST_WITH_BUFFERS, (LEAST_PERCENT * live) / all);
  return Math.max(Math.round(least), Math.round((garbage / all) * 100));
}

/**
 * The garbage collector of this process. By itself the engine lets a heap grow to several times of what is alive, and
 * waits for 64 MiB of buffers that nobody uses.
 */
export class Heap {
  #percent = 0;
  #frugal = false;

  constructor() {
    // Young objects in few MiB are collected as fast as in 100 MiB.
    setFlagsFromString("--semi-space-growth-factor=1");
    // Buffers count as much as objects do.
    setFlagsFromString("--external-memory-accounted-in-global-limit");
  }

  /** `garbage`: bytes that nobody uses, as far as they may wait for the next full collection. */
  allowGarbage(garbage: number): void {
    const { used_heap_size: live, external_memory: buffers } = getHeapStatistics();
    const percent = growthPercent(live, garbage, buffers);
    const first = this.#percent === 0;
    if (percent === this.#percent) return;
    this.#percent = percent;
    setFlagsFromString(`--heap-growing-percent=${percent}`);
    // It counts from the first full collection on, which would come late.
    if (first) collect();
  }

  /** Collects all garbage now. It stops the program for some 50 ms. */
  collect(): void {
    collect();
  }

  /** Whether to save memory at the cost of speed. It halves the requests that a processor serves. */
  beFrugal(frugal: boolean): void {
    if (frugal === this.#frugal) return;
    this.#frugal = frugal;
    setFlagsFromString(frugal ? "--optimize-for-size" : "--no-optimize-for-size");
  }
}

function collect(): void {
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  if (typeof gc === "function") gc();
}
