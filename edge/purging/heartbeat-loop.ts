import type { Clock } from "../../process/clock.ts";
import { describeError } from "../../process/failure.ts";
import type { Log } from "../../process/log.ts";
import type { Heartbeat, LogState, PurgeLog } from "../../purge-log/purge-log.ts";
import type { ElapsedTime, Reading } from "./elapsed-time.ts";

// A heartbeat whose answer is late is followed by another before the lease ends, and Redis may stand still for two thirds
// of a lease. More of them would cost Redis, which writes each to disk, more than all else that an idle fleet does.
const HEARTBEATS_A_LEASE = 3;
// An edge with a long lease must notice within this time too that the log was lost, and a taker that missed its
// confirmation reads its position in the table.
const LONGEST_PERIOD_MS = 1000;

export interface HeartbeatLoopParts {
  readonly purgeLog: Pick<PurgeLog, "heartbeat">;
  readonly clock: Clock;
  readonly log: Log;
  readonly leaseMs: number;
  /** The current state of the edge. */
  readonly compose: () => Heartbeat;
  readonly time: ElapsedTime;
  /** The log has confirmed a heartbeat that was sent at `sentAt`. */
  readonly confirmed: (state: LogState, beat: Heartbeat, sentAt: Reading) => void;
}

/** Sends heartbeats to the purge log, periodically and when there is news. Never sends two at once. */
export class HeartbeatLoop {
  readonly #parts: HeartbeatLoopParts;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #beating: Promise<void> | undefined;
  #again = false;
  #outage = false;

  constructor(parts: HeartbeatLoopParts) {
    this.#parts = parts;
  }

  /** Resolves once the first heartbeat was answered or has failed; then goes on in the background. */
  async start(): Promise<void> {
    await this.beat();
    this.#running = this.#keepBeating();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    // A heartbeat on its way would put this edge back into the table after it has left.
    await this.#beating;
  }

  /** There is news. It goes with a heartbeat at once, or with the next when one is under way. Never rejects. */
  async beat(): Promise<void> {
    this.#again = true;
    this.#beating ??= this.#beatUntilCurrent().finally(() => {
      this.#beating = undefined;
    });
    await this.#beating;
  }

  async #keepBeating(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock, leaseMs } = this.#parts;
    const periodMs = Math.min(leaseMs / HEARTBEATS_A_LEASE, LONGEST_PERIOD_MS);
    for (;;) {
      try {
        await clock.wait(periodMs, signal);
      } catch (thrown) {
        if (signal.aborted) return;
        throw thrown;
      }
      await this.beat();
    }
  }

  async #beatUntilCurrent(): Promise<void> {
    while (this.#again && !this.#stopping.signal.aborted) {
      this.#again = false;
      await this.#beatOnce();
    }
  }

  async #beatOnce(): Promise<void> {
    const { purgeLog, log, compose, time, confirmed } = this.#parts;
    // Rule E5: the lease counts from the time the heartbeat was sent, never from its reply.
    const sentAt = time.read();
    const beat = compose();
    try {
      confirmed(await purgeLog.heartbeat(beat), beat, sentAt);
      if (this.#outage) log.warn("purge log confirms heartbeats again");
      this.#outage = false;
    } catch (thrown) {
      if (!this.#outage)
        log.error({ cause: describeError(thrown) }, "purge log does not confirm the heartbeat");
      this.#outage = true;
    }
  }
}
