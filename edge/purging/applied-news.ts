import { KEPT_COUNTS } from "../../purge-log/log-limits.ts";
import type { Confirmation, LogEntry, PurgeCount, PurgeLog } from "../../purge-log/purge-log.ts";
import { takerOf } from "../../purge-log/taker.ts";

export interface AppliedNewsParts {
  readonly purgeLog: Pick<PurgeLog, "confirm">;
  /** How far this edge has applied, and in which history. */
  readonly standing: () => Pick<Confirmation, "edge" | "position" | "runId">;
  /** Writes the same into the heartbeat table, at once. */
  readonly beat: () => void;
}

/**
 * Says what this edge has applied: to those that took the purges at once, and to nobody else (rule R2), and once more
 * to the heartbeat table, with the next heartbeat. A taker that hears nothing reads it there. So the heartbeat comes at
 * once when nobody listens, or when it is not known who does.
 */
export class AppliedNews {
  readonly #parts: AppliedNewsParts;
  /** Positions to report, by the edge that took the purge. */
  readonly #untold = new Map<string, readonly PurgeCount[]>();
  /** Positions that the heartbeat table does not show yet, oldest first. */
  #unwritten: readonly PurgeCount[] = [];
  #beatIsDue = false;
  #telling = false;

  constructor(parts: AppliedNewsParts) {
    this.#parts = parts;
  }

  /** For the next heartbeat. */
  get unwritten(): readonly PurgeCount[] {
    return this.#unwritten;
  }

  /** A heartbeat with these was confirmed. */
  written(counts: readonly PurgeCount[]): void {
    if (counts.length > 0) this.#unwritten = this.#unwritten.filter((count) => !counts.includes(count));
  }

  /** The edge's position is past the entry now. */
  applied({ position, content }: LogEntry, objects: number): void {
    const count = objects > 0 ? [{ position, objects }] : [];
    this.#unwritten = latest([...this.#unwritten, ...count]);
    const taker = content.kind === "purge" ? takerOf(content.purge.by) : undefined;
    if (taker === undefined) this.#beatIsDue = true;
    else this.#untold.set(taker, latest([...(this.#untold.get(taker) ?? []), ...count]));
  }

  /** Reports the positions applied until now. Positions that come meanwhile are reported next. Never rejects. */
  async tell(): Promise<void> {
    this.#beatIfDue();
    if (this.#telling) return;
    this.#telling = true;
    while (this.#untold.size > 0) {
      const untold = [...this.#untold];
      this.#untold.clear();
      const heard = await Promise.all(untold.map(([taker, applied]) => this.#confirm(taker, applied)));
      this.#beatIsDue ||= heard.includes(false);
      this.#beatIfDue();
    }
    this.#telling = false;
  }

  #confirm(taker: string, applied: readonly PurgeCount[]): Promise<boolean> {
    return this.#parts.purgeLog.confirm(taker, { ...this.#parts.standing(), applied });
  }

  #beatIfDue(): void {
    if (this.#beatIsDue) this.#parts.beat();
    this.#beatIsDue = false;
  }
}

/** A count that falls out is told by nobody: its receipt says 0 objects. */
function latest(counts: readonly PurgeCount[]): readonly PurgeCount[] {
  return counts.slice(-KEPT_COUNTS);
}
