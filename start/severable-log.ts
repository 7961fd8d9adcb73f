import { Failure } from "../process/failure.ts";
import type { Position } from "../purge-log/position.ts";
import type { Purge } from "../purge-log/purge.ts";
import type {
  AppendOutcome,
  Confirmation,
  ForgetOutcome,
  Heartbeat,
  LogEntry,
  LogServer,
  LogState,
  Member,
  PurgeCount,
  PurgeLog,
} from "../purge-log/purge-log.ts";

const WHY = "this edge is cut off from the purge log";

/** The purge log as one edge reaches it. The way there can be cut, as when a cable is pulled, and joined again. */
export class SeverableLog implements PurgeLog {
  readonly #log: PurgeLog;
  /** Resolves when the way is open again; undefined: it is open. */
  #joined: PromiseWithResolvers<void> | undefined;

  constructor(log: PurgeLog) {
    this.#log = log;
  }

  get isCut(): boolean {
    return this.#joined !== undefined;
  }

  cut(): void {
    this.#joined ??= Promise.withResolvers();
  }

  join(): void {
    this.#joined?.resolve();
    this.#joined = undefined;
  }

  async append(purge: Purge, floor: Position): Promise<AppendOutcome> {
    return this.isCut ? { kind: "rejected", reason: WHY } : await this.#log.append(purge, floor);
  }

  async *follow(after: Position, signal: AbortSignal): AsyncGenerator<readonly LogEntry[]> {
    const left = Promise.withResolvers<void>();
    const leave = () => left.resolve();
    signal.addEventListener("abort", leave, { once: true });
    try {
      for await (const entries of this.#log.follow(after, signal)) {
        while (this.#joined !== undefined && !signal.aborted)
          await Promise.race([this.#joined.promise, left.promise]);
        if (signal.aborted) return;
        yield entries;
      }
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  heartbeat(beat: Heartbeat): Promise<LogState> {
    return this.#reached(() => this.#log.heartbeat(beat));
  }

  members(): Promise<readonly Member[]> {
    return this.#reached(() => this.#log.members());
  }

  counts(): Promise<ReadonlyMap<string, readonly PurgeCount[]>> {
    return this.#reached(() => this.#log.counts());
  }

  forget(edge: string): Promise<ForgetOutcome> {
    return this.#reached(() => this.#log.forget(edge));
  }

  leave(edge: string, bootId: string): Promise<void> {
    return this.#reached(() => this.#log.leave(edge, bootId));
  }

  server(): Promise<LogServer | undefined> {
    return this.#reached(() => this.#log.server());
  }

  async confirm(taker: string, confirmation: Confirmation): Promise<boolean> {
    return !this.isCut && (await this.#log.confirm(taker, confirmation));
  }

  onConfirmation(taker: string, listener: (confirmation: Confirmation) => void): () => void {
    return this.#log.onConfirmation(taker, (confirmation) => {
      if (!this.isCut) listener(confirmation);
    });
  }

  onJoin(listener: (beat: Heartbeat) => void): () => void {
    return this.#log.onJoin((beat) => {
      if (!this.isCut) listener(beat);
    });
  }

  /** The log itself belongs to all edges. */
  async close(): Promise<void> {
    this.join();
  }

  async #reached<T>(call: () => Promise<T>): Promise<T> {
    if (this.isCut) throw new Failure("log-unreachable", "log", WHY);
    return await call();
  }
}
