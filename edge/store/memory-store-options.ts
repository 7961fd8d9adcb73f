import type { Clock } from "../../process/clock.ts";
import type { DirectoryOptions } from "./directory.ts";
import type { Eviction } from "./eviction/eviction.ts";
import type { Leaving } from "./leaving.ts";
import type { StoreWatch } from "./store.ts";

/** Why responses are evicted, in the words of the metric. */
export const evictionCauses = ["room", "memory-short"] as const;

/** `room`: another response needs it. `memory-short`: the process takes more than it may, so the store shrinks. */
export type EvictionCause = (typeof evictionCauses)[number];

/** What is behind the memory. */
export interface LowerStore {
  /** All that is stored under the key leaves memory, because others need the room. undefined: it is of no use any more. */
  take(key: string, leaving: () => Leaving | undefined): void;
  /** What is stored under the key is no longer the response. */
  forget(key: string): void;
}

export interface MemoryStoreOptions extends DirectoryOptions {
  /** Bytes that it may hold. */
  readonly maxBytes: number;
  /** Makes the order in which keys go when the bytes run out. */
  readonly eviction: () => Eviction;
  readonly clock: Clock;
  /** Bytes of the same memory that are held elsewhere now, such as by fills: so much less is stored. */
  readonly elsewhere?: () => number;
  readonly watch?: StoreWatch | undefined;
  readonly lower?: LowerStore | undefined;
  /** Told of so many evicted responses. */
  readonly evicted?: (cause: EvictionCause, responses: number) => void;
}
