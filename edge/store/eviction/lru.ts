import { LRUCache } from "lru-cache";
import type { Eviction } from "./eviction.ts";

/** Gives up the key that has not been used for the longest time. */
export class LeastRecentlyUsed implements Eviction {
  // The library keeps the order. It insists on a bound of its own, which here is never met: the store bounds the bytes.
  readonly #order = new LRUCache<string, true>({
    maxSize: Number.MAX_SAFE_INTEGER,
    sizeCalculation: () => 1,
  });

  added(key: string): void {
    this.#order.set(key, true);
  }

  used(key: string): void {
    this.#order.get(key);
  }

  removed(key: string): void {
    this.#order.delete(key);
  }

  victim(): string | undefined {
    const { value } = this.#order.rkeys().next();
    return value ?? undefined;
  }
}
