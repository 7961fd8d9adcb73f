import { type EvictionPolicy, evictionBy } from "../../edge/store/eviction/policies.ts";
import { MemoryStore } from "../../edge/store/memory-store.ts";
import type { MemoryStoreOptions } from "../../edge/store/memory-store-options.ts";
import { systemClock } from "../../process/clock.ts";

/** A store in memory as an edge has it. With `lru`, a test knows what it gives up. */
export function memoryStore(
  maxBytes: number,
  clock: MemoryStoreOptions["clock"] = systemClock,
  policy: EvictionPolicy = "adaptive",
  more: Pick<MemoryStoreOptions, "evicted"> = {},
): MemoryStore {
  return new MemoryStore({ maxBytes, eviction: () => evictionBy(policy), clock, poisons: true, ...more });
}
