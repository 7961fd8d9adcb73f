import type { Clock } from "../../process/clock.ts";
import type { Log } from "../../process/log.ts";
import type { Position } from "../../purge-log/position.ts";
import type { LogEntry, PurgeLog } from "../../purge-log/purge-log.ts";

// A fault that comes again at once must not keep the processor.
const PAUSE_MS = 1_000;

export interface LogFollowingParts {
  readonly purgeLog: Pick<PurgeLog, "follow">;
  readonly clock: Clock;
  readonly log: Log;
  /** How far the edge has applied. */
  readonly position: () => Position;
  readonly apply: (entries: readonly LogEntry[]) => Promise<void>;
}

/**
 * Takes the entries of the purge log, from where the edge is, until it stops. A fault on the way ends neither the
 * process nor the following: meanwhile the edge is behind the tail, so its lease runs out as soon as there is a purge.
 */
export class LogFollowing {
  readonly #parts: LogFollowingParts;
  readonly #stopping = new AbortController();
  #following: Promise<void> = Promise.resolve();

  constructor(parts: LogFollowingParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#following = this.#keepFollowing();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  /** Never rejects. */
  async #keepFollowing(): Promise<void> {
    const { clock, log } = this.#parts;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#follow(signal);
      } catch (thrown) {
        if (signal.aborted) return;
        log.error({ sampled: "follow", err: thrown }, "fault while following the purge log");
      }
      await clock.wait(PAUSE_MS, signal).catch(() => undefined);
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { purgeLog, position, apply } = this.#parts;
    for await (const entries of purgeLog.follow(position(), signal)) await apply(entries);
  }
}
