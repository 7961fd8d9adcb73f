import type { Clock } from "../../../process/clock.ts";
import { type CompressRules, compressedBy } from "../../rules/compression.ts";
import { rulesAgain } from "../../rules/site/matched-rules.ts";
import { planResponse } from "../../rules/site/plan-response.ts";
import type { SiteRules } from "../../rules/site-rules.ts";
import { fieldsSelecting, markIn } from "../../rules/vary.ts";
import type { StoredResponse } from "../../store/stored-response.ts";
import { type CacheContext, rulesOf } from "../context.ts";
import { Compressor } from "./compressor.ts";
import { Encoder } from "./encoder.ts";

// A page that has become popular gets its best encoding within some seconds.
const IMPROVE_MS = 2_000;

/** What the site and its rules say of a stored response. */
function compressRulesOf(
  { method, target, selecting, status, fields }: StoredResponse,
  { book, compress }: SiteRules,
): CompressRules {
  const asked = { method, target, fields: fieldsSelecting(selecting) };
  const { rules } = rulesAgain(book, asked, markIn(selecting));
  return compressedBy(compress, planResponse(rules, { status, fields }));
}

/** The line of an edge's encodings, and the thread that makes them. */
export class Compression {
  readonly #encoder = new Encoder();
  readonly #compressor: Compressor;
  readonly want: Compressor["want"];
  #stopped: Promise<void> | undefined;

  constructor(edge: Pick<CacheContext, "store" | "purges" | "counters" | "log" | "siteRules">) {
    this.#compressor = new Compressor({
      ...edge,
      rulesOf: (stored) => compressRulesOf(stored, rulesOf(edge, stored.site)),
      encode: (job) => this.#encoder.encode(job),
    });
    this.want = this.#compressor.want;
  }

  /** Bytes that are held beside the store. */
  get bytes(): number {
    return this.#compressor.bytes;
  }

  /** From now on nothing is encoded, and the thread ends. An edge that ends has nobody to ask again for what is encoded. */
  stop(): Promise<void> {
    this.#compressor.stop();
    this.#stopped ??= this.#encoder.stop();
    return this.#stopped;
  }

  /** Until the signal, which also stops it. Never rejects. */
  async run(clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.wait(IMPROVE_MS, signal).catch(() => undefined);
      if (!signal.aborted) this.#compressor.improve();
    }
    await this.stop();
  }
}
