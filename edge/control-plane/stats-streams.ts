import type { ServerWritableStream } from "@grpc/grpc-js";
import type { Clock } from "../../process/clock.ts";
import type { EdgeStats, WatchStatsResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import { type CallFault, callFault } from "./call-result.ts";

// Each of them costs a report a period: at the shortest period these are 1,000 reports a second.
const MOST_STREAMS = 100;

export interface StatsStreamsParts {
  readonly id: string;
  readonly clock: Clock;
  readonly stats: () => EdgeStats;
}

/** The streams of WatchStats that are open. */
export class StatsStreams {
  readonly #parts: StatsStreamsParts;
  readonly #stopping = new AbortController();
  #open = 0;

  constructor(parts: StatsStreamsParts) {
    this.#parts = parts;
  }

  /** Why there may be no further one; undefined: there may. */
  get full(): CallFault | undefined {
    if (this.#open < MOST_STREAMS) return undefined;
    const rule = `at most ${MOST_STREAMS} streams at a time at ${this.#parts.id}`;
    return callFault("resource-exhausted", `watch_stats: must be ${rule}; try again later`);
  }

  /** Reports at once and every period, until the caller leaves or the edge stops. */
  async send(call: ServerWritableStream<unknown, WatchStatsResponse>, periodMs: number): Promise<void> {
    this.#open += 1;
    const left = new AbortController();
    call.on("cancelled", () => left.abort());
    call.once("close", () => {
      this.#open -= 1;
      left.abort();
    });
    const until = AbortSignal.any([left.signal, this.#stopping.signal]);
    while (!until.aborted) {
      // A caller that does not read misses reports; they do not pile up for it.
      if (!call.writableNeedDrain) call.write({ stats: this.#parts.stats() });
      await this.#parts.clock.wait(periodMs, until).catch((thrown: unknown) => {
        if (!until.aborted) throw thrown;
      });
    }
  }

  stop(): void {
    this.#stopping.abort();
  }
}
