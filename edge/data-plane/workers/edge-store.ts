import { randomInt } from "node:crypto";
import type { Clock } from "../../../process/clock.ts";
import type { EdgeCounters } from "../../cache/metrics.ts";
import { type EvictionPolicy, evictionBy } from "../../store/eviction/policies.ts";
import { MemoryStore } from "../../store/memory-store.ts";
import type { LowerStore } from "../../store/memory-store-options.ts";
import { copiesBytes } from "../open-data-port.ts";
import type { SharedEdge } from "./shared-edge.ts";

/** What is around the store of an edge. */
interface AroundStore {
  /** Bytes of --memory that are held beside it now. */
  readonly elsewhere: () => number;
  readonly counters: () => EdgeCounters;
  /** What is behind the memory. */
  readonly lower: LowerStore | undefined;
}

/** The store of an edge. */
export function edgeStore(
  { memory, eviction }: { readonly memory: number; readonly eviction: EvictionPolicy },
  shared: SharedEdge | undefined,
  clock: Clock,
  { elsewhere, counters, lower }: AroundStore,
): MemoryStore {
  const store: MemoryStore = new MemoryStore({
    maxBytes: memory - copiesBytes(memory, shared),
    watch: shared?.storeWatch(() => store),
    sharing: shared?.store,
    seed: randomInt(2 ** 32),
    elsewhere: () => elsewhere() + store.objectBytes,
    eviction: () => evictionBy(eviction),
    lower,
    evicted: (cause, responses) => counters().addReason("evicted", cause, responses),
    clock,
  });
  return store;
}
