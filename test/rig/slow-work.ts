import type { MemoryStoreOptions } from "../../edge/store/memory-store-options.ts";
import type { ManualClock } from "./manual-clock.ts";

/** A clock for a store: at every look at it a slice of work is over, and a pause lasts until `clock` moves. */
export function slowWork(clock: ManualClock): MemoryStoreOptions["clock"] {
  let looks = 0;
  return {
    wall: () => clock.wall(),
    monotonic: () => {
      looks += 1;
      return looks * 1_000;
    },
    wait: (ms, signal) => clock.wait(ms, signal),
  };
}
