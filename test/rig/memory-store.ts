import { evictionBy } from "../../edge/store/eviction/policies.ts";
import { MemoryStore, type MemoryStoreOptions } from "../../edge/store/memory-store.ts";
import { systemClock } from "../../process/clock.ts";

/** A store in memory as an edge has it. */
export function memoryStore(maxBytes: number, clock: MemoryStoreOptions["clock"] = systemClock): MemoryStore {
  return new MemoryStore({ maxBytes, eviction: () => evictionBy("adaptive"), clock, poisons: true });
}
