import { type ClientTables, clientTables } from "../../../http/server/client-tables.ts";
import { counterCells, EdgeCounters } from "../../cache/metrics.ts";
import type { FenceWatch } from "../../cache/purge-state.ts";
import { ALL_COVERED } from "../../store/sharing.ts";
import type { Store, StoreWatch } from "../../store/store.ts";
import { GivenKeys } from "./given-keys.ts";
import { SharedStore } from "./shared-store.ts";
import { SharedWords } from "./shared-words.ts";

/** What the threads of an edge share, and how the store and the fence tell them of changes. */
export class SharedEdge {
  readonly words: SharedWords;
  readonly keys: GivenKeys;
  readonly store = new SharedStore();
  /** The counts of each serving thread. */
  readonly cells: readonly Float64Array[];
  readonly clients: ClientTables;
  /** All counts of the edge. */
  readonly counters: EdgeCounters;
  readonly fenceWatch: FenceWatch = {
    searchBegins: () => this.words.searchBegins(),
    searchEnds: () => this.words.searchEnds(),
    coversAll: () => {
      Atomics.add(this.store.words, ALL_COVERED, 1);
      this.keys.dropAll();
    },
  };

  constructor(workers: number, words = new SharedWords()) {
    this.words = words;
    this.keys = new GivenKeys(words);
    this.cells = Array.from({ length: workers }, () => counterCells());
    this.clients = clientTables(workers);
    this.counters = new EdgeCounters(counterCells(), this.cells);
  }

  storeWatch(store: () => Pick<Store, "peek">): StoreWatch {
    return {
      changed: (key) => {
        this.keys.changed(key);
        for (const { variance, target } of store().peek(key))
          if (variance !== undefined) this.keys.standsForOthers(target);
      },
      emptied: () => this.keys.dropAll(),
    };
  }
}
