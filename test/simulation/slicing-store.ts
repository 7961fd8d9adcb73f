import { MemoryStore } from "../../edge/store/memory-store.ts";
import type { MemoryStoreOptions } from "../../edge/store/memory-store-options.ts";
import type { PurgeTarget } from "../../purge-log/purge.ts";

/** Gives way in the midst of every purge, as a large store does. */
export class SlicingStore extends MemoryStore {
  readonly #clock: MemoryStoreOptions["clock"];

  constructor(options: MemoryStoreOptions) {
    super(options);
    this.#clock = options.clock;
  }

  override async purge(targets: readonly PurgeTarget[], softlyAt?: number): Promise<number> {
    await this.#clock.wait(0);
    const found = await super.purge(targets, softlyAt);
    await this.#clock.wait(0);
    return found;
  }
}
