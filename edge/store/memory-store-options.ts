import type { Clock } from "../../process/clock.ts";
import type { DirectoryOptions } from "./directory.ts";
import type { Eviction } from "./eviction/eviction.ts";
import type { StoreWatch } from "./store.ts";

export interface MemoryStoreOptions extends DirectoryOptions {
  /** Bytes that it may hold. */
  readonly maxBytes: number;
  /** Makes the order in which keys go when the bytes run out. */
  readonly eviction: () => Eviction;
  readonly clock: Clock;
  /** Bytes of the same memory that are held elsewhere now, such as by fills: so much less is stored. */
  readonly elsewhere?: () => number;
  readonly watch?: StoreWatch | undefined;
}
