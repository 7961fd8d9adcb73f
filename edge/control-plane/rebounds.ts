import { formatPosition, type Position } from "../../purge-log/position.ts";
import type { Purge } from "../../purge-log/purge.ts";
import type { AppendOutcome } from "../../purge-log/purge-log.ts";
import type { CacheContext } from "../cache/context.ts";

export const MOST_WAITING = 1_000;

// They are held until their time, at 100 to 200 bytes each: some 20 MB, and at most one call more.
export const MOST_WAITING_TARGETS = 100_000;

// Every edge waits up to this much longer, each for a time of its own: the first one appends, and the others see it.
const SPREAD_MS = 250;

// An outage of the purge log that outlasts these tries is an operator's business by then.
const TRIES = 60;
const TRY_AGAIN_MS = 1_000;

// A caller's own ids have no such character, so no purge of its own can be taken for a rebound.
const SUFFIX = "~rebound";

export interface ReboundParts extends Pick<CacheContext, "clock" | "log"> {
  /** From 0 to 1, such as Math.random. */
  readonly random?: () => number;
}

/**
 * Second purges of the same targets, for origins that show their new content some time after the purge was sent.
 *
 * 1. Every edge that applies a purge with `reboundMs` waits that long, so the second purge outlives the edge that took
 *    the call.
 * 2. The first whose time has come appends the second purge to the log, under an id of its own.
 * 3. The others see it there and wait no longer. Where two append at once, the log takes it once (rule P2).
 */
export class Rebounds {
  readonly #append: (purge: Purge) => Promise<AppendOutcome>;
  readonly #parts: ReboundParts;
  /** By the id of the second purge. */
  readonly #waiting = new Map<string, { readonly over: AbortController; readonly sent: Promise<void> }>();
  #targets = 0;
  #isStopping = false;

  constructor(append: (purge: Purge) => Promise<AppendOutcome>, parts: ReboundParts) {
    this.#append = append;
    this.#parts = parts;
  }

  /** Whether one more may wait. */
  get hasRoom(): boolean {
    return this.#waiting.size < MOST_WAITING && this.#targets < MOST_WAITING_TARGETS;
  }

  /** A purge of the log has been applied at this edge. */
  applied(position: Position, { reboundMs, ...purge }: Purge): void {
    this.#waiting.get(purge.purgeId)?.over.abort();
    if (reboundMs === undefined || this.#isStopping) return;
    const { random = Math.random } = this.#parts;
    const second = { ...purge, purgeId: `${purge.purgeId}${SUFFIX}` };
    const over = new AbortController();
    this.#targets += purge.targets.length;
    const sent = this.#send(second, position, reboundMs + random() * SPREAD_MS, over.signal);
    this.#waiting.set(second.purgeId, {
      over,
      sent: sent.finally(() => {
        this.#waiting.delete(second.purgeId);
        this.#targets -= purge.targets.length;
      }),
    });
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const waiting = [...this.#waiting.values()];
    for (const { over } of waiting) over.abort();
    await Promise.all(waiting.map(({ sent }) => sent));
  }

  async #send(purge: Purge, first: Position, afterMs: number, over: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    const { purgeId, targets } = purge;
    let reason = "";
    try {
      await clock.wait(afterMs, over);
      for (let tries = 1; tries <= TRIES; tries += 1) {
        const appended = await this.#append(purge);
        if (appended.kind === "accepted") return;
        reason = appended.reason;
        await clock.wait(TRY_AGAIN_MS, over);
      }
    } catch (thrown) {
      if (!over.aborted) throw thrown;
      return;
    }
    log.error({ purgeId, first: formatPosition(first), targets, reason }, "rebound not sent");
  }
}
