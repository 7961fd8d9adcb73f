import { LeastRecentlyUsed } from "../../edge/store/eviction/lru.ts";
import { MemoryStore, type MemoryStoreOptions } from "../../edge/store/memory-store.ts";
import { systemClock } from "../../process/clock.ts";

/** A store in memory as an edge has it. */
export function memoryStore(maxBytes: number, clock: MemoryStoreOptions["clock"] = systemClock): MemoryStore {
  return new MemoryStore({ maxBytes, eviction: () => new LeastRecentlyUsed(), clock, poisons: true });
}
