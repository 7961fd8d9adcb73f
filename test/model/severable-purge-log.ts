import { Failure } from "../../process/failure.ts";
import { MemoryPurgeLog } from "../../purge-log/memory-purge-log.ts";
import type { Position } from "../../purge-log/position.ts";
import type { Confirmation, Heartbeat, LogEntry, LogState } from "../../purge-log/purge-log.ts";

/** A purge log in memory that its follower can be cut off from; appending goes on. */
export class SeverablePurgeLog extends MemoryPurgeLog {
  #cut: PromiseWithResolvers<void> | undefined;

  cut(): void {
    this.#cut ??= Promise.withResolvers();
  }

  heal(): void {
    this.#cut?.resolve();
    this.#cut = undefined;
  }

  override async heartbeat(beat: Heartbeat): Promise<LogState> {
    if (this.#cut !== undefined) throw new Failure("log-unreachable", "log", "the purge log is cut off");
    return super.heartbeat(beat);
  }

  override async confirm(taker: string, confirmation: Confirmation): Promise<boolean> {
    return this.#cut === undefined && super.confirm(taker, confirmation);
  }

  override async *follow(after: Position, signal: AbortSignal): AsyncGenerator<readonly LogEntry[]> {
    for await (const entries of super.follow(after, signal)) {
      await this.#cut?.promise;
      yield entries;
    }
  }
}
