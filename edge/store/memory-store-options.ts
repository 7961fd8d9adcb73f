import type { Clock } from "../../process/clock.ts";
import type { DirectoryOptions } from "./directory.ts";
import type { Eviction } from "./eviction/eviction.ts";
import type { StoreWatch } from "./store.ts";

/** Why responses are evicted, in the words of the metric. */
export const evictionCauses = ["room", "memory-short"] as const;

/** `room`: another response needs it. `memory-short`: the process takes more than it may, so the store shrinks. */
export type EvictionCause = (typeof evictionCauses)[number];

export interface MemoryStoreOptions extends DirectoryOptions {
  /** Bytes that it may hold. */
  readonly maxBytes: number;
  /** Makes the order in which keys go when the bytes run out. */
  readonly eviction: () => Eviction;
  readonly clock: Clock;
  /** Bytes of the same memory that are held elsewhere now, such as by fills: so much less is stored. */
  readonly elsewhere?: () => number;
  readonly watch?: StoreWatch | undefined;
  /** Told of so many evicted responses. */
  readonly evicted?: (cause: EvictionCause, responses: number) => void;
}
