import { formatPosition, type Position } from "../../purge-log/position.ts";
import type { Purge } from "../../purge-log/purge.ts";
import type { AppendOutcome } from "../../purge-log/purge-log.ts";
import type { CacheContext } from "../cache/context.ts";

// Each holds its targets until its time: at 64 KiB a call this is 64 MiB at most.
export const MOST_WAITING = 1_000;

// An outage of the purge log that outlasts these tries is an operator's business by then.
const TRIES = 60;
const TRY_AGAIN_MS = 1_000;

// A caller's own ids have no such character, so no purge of its own can be taken for a rebound.
const SUFFIX = "~rebound";

/**
 * Second purges of the same targets, for origins that show their new content some time after the purge was sent.
 * They wait in this edge's memory: one that has not been sent when the edge ends is lost, and the log says so.
 */
export class Rebounds {
  readonly #append: (purge: Purge) => Promise<AppendOutcome>;
  readonly #edge: Pick<CacheContext, "clock" | "log">;
  readonly #stopping = new AbortController();
  readonly #waiting = new Set<Promise<void>>();

  constructor(append: (purge: Purge) => Promise<AppendOutcome>, edge: Pick<CacheContext, "clock" | "log">) {
    this.#append = append;
    this.#edge = edge;
  }

  /** Whether one more may wait. */
  get hasRoom(): boolean {
    return this.#waiting.size < MOST_WAITING;
  }

  /** A retry of the same purge asks again: the purge log takes the second purge once, too. */
  schedule(first: Purge, at: Position, afterMs: number): void {
    const second = { ...first, purgeId: `${first.purgeId}${SUFFIX}` };
    const waiting = this.#send(second, at, afterMs).finally(() => this.#waiting.delete(waiting));
    this.#waiting.add(waiting);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#waiting);
  }

  async #send(purge: Purge, first: Position, afterMs: number): Promise<void> {
    const { clock, log } = this.#edge;
    const { signal } = this.#stopping;
    const { purgeId, targets } = purge;
    let reason = "the edge stops";
    try {
      await clock.wait(afterMs, signal);
      for (let tries = 1; tries <= TRIES; tries += 1) {
        const appended = await this.#append(purge);
        if (appended.kind === "accepted") return;
        reason = appended.reason;
        await clock.wait(TRY_AGAIN_MS, signal);
      }
    } catch (thrown) {
      if (!signal.aborted) throw thrown;
    }
    log.error({ purgeId, first: formatPosition(first), targets, reason }, "rebound of a purge not sent");
  }
}
