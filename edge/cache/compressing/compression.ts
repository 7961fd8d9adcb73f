import type { Clock } from "../../../process/clock.ts";
import { type CacheContext, rulesOf } from "../context.ts";
import { Compressor } from "./compressor.ts";
import { Encoder } from "./encoder.ts";

// A page that has become popular gets its best encoding within some seconds.
const IMPROVE_MS = 2_000;

/** The line of an edge's encodings, and the thread that makes them. */
export class Compression {
  readonly #encoder = new Encoder();
  readonly #compressor: Compressor;
  readonly want: Compressor["want"];

  constructor(edge: Pick<CacheContext, "store" | "purges" | "counters" | "log" | "siteRules">) {
    this.#compressor = new Compressor({
      ...edge,
      rulesOf: (site) => rulesOf(edge, site).compress,
      encode: (name, body) => this.#encoder.encode(name, body),
    });
    this.want = this.#compressor.want;
  }

  /** Bytes that are held beside the store. */
  get bytes(): number {
    return this.#compressor.bytes;
  }

  /** Until the signal, which also ends the thread. Never rejects. */
  async run(clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.wait(IMPROVE_MS, signal).catch(() => undefined);
      if (!signal.aborted) this.#compressor.improve();
    }
    await this.#encoder.stop();
  }
}
