import type { CacheServer } from "./cache-server.ts";

// What is purged is none of the keys that are asked for meanwhile, so that every answer is a hit.
const PURGED_PATHS = 1_000;
// Of the purges, that must have been done: else the machine was too busy to measure beside them.
const DONE_SHARE = 0.8;

/** Purges at a steady rate until it is stopped. */
export class PurgeStream {
  readonly #purge: (path: string) => Promise<void>;
  readonly #aSecond: number;
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  readonly #underWay = new Set<Promise<void>>();
  #asked = 0;
  #failed: unknown;

  constructor({ name, purge }: CacheServer, aSecond: number) {
    if (purge === undefined) throw new Error(`${name} has no purge`);
    this.#purge = purge;
    this.#aSecond = aSecond;
    this.#timer = setInterval(() => this.#ask(), 1_000 / aSecond);
  }

  /** Throws when a purge failed or too few were made. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const due = ((performance.now() - this.#startedAt) / 1_000) * this.#aSecond;
    await Promise.all(this.#underWay);
    if (this.#failed !== undefined) throw this.#failed;
    if (this.#asked < due * DONE_SHARE)
      throw new Error(`${this.#asked} purges in place of ${Math.round(due)}`);
  }

  #ask(): void {
    const due = ((performance.now() - this.#startedAt) / 1_000) * this.#aSecond;
    // A timer that comes late has several to make.
    for (; this.#asked < due; this.#asked += 1) {
      const purge = this.#purge(`/1024/purged-${this.#asked % PURGED_PATHS}`).catch((thrown: unknown) => {
        this.#failed ??= thrown;
      });
      this.#underWay.add(purge);
      purge.finally(() => this.#underWay.delete(purge));
    }
  }
}
