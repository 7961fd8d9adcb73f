import { Failure } from "../../process/failure.ts";
import type { Position } from "../../purge-log/position.ts";
import type { Purge } from "../../purge-log/purge.ts";
import type {
  AppendOutcome,
  Confirmation,
  ForgetOutcome,
  Heartbeat,
  LogEntry,
  LogState,
  Member,
  PurgeCount,
  PurgeLog,
} from "../../purge-log/purge-log.ts";
import type { Stage } from "./stage.ts";

export interface LinkParts {
  readonly log: PurgeLog;
  readonly stage: Stage;
  /** The edge at this end, and the log at the other. */
  readonly edge: string;
  readonly place: string;
  readonly travelMs: number;
  readonly showsHeartbeats: boolean;
}

/** The purge log as one edge sees it: behind a link that takes time and can be cut. */
export class LinkedPurgeLog implements PurgeLog {
  readonly #parts: LinkParts;
  #cut: PromiseWithResolvers<void> | undefined;

  constructor(parts: LinkParts) {
    this.#parts = parts;
  }

  get isCut(): boolean {
    return this.#cut !== undefined;
  }

  cut(): void {
    this.#cut ??= Promise.withResolvers();
  }

  heal(): void {
    this.#cut?.resolve();
    this.#cut = undefined;
  }

  async append(purge: Purge, floor: Position): Promise<AppendOutcome> {
    return await this.#parts.log.append(purge, floor);
  }

  async *follow(after: Position, signal: AbortSignal): AsyncGenerator<readonly LogEntry[]> {
    const { log, stage, edge, place, travelMs } = this.#parts;
    for await (const entries of log.follow(after, signal)) {
      await this.#cut?.promise;
      await stage.travel(place, edge, travelMs, "purge", "purge");
      yield entries;
    }
  }

  async heartbeat(beat: Heartbeat): Promise<LogState> {
    const { log, stage, edge, place, travelMs } = this.#parts;
    await this.#carry(edge, place, "heartbeat");
    if (this.isCut) {
      await stage.pause(travelMs);
      throw new Failure("log-unreachable", "log", "the purge log is cut off");
    }
    const state = await log.heartbeat(beat);
    await this.#carry(place, edge, "confirmed");
    return state;
  }

  async confirm(taker: string, confirmation: Confirmation): Promise<boolean> {
    return !this.isCut && (await this.#parts.log.confirm(taker, confirmation));
  }

  members(): Promise<readonly Member[]> {
    return this.#parts.log.members();
  }

  counts(): Promise<ReadonlyMap<string, readonly PurgeCount[]>> {
    return this.#parts.log.counts();
  }

  forget(edge: string): Promise<ForgetOutcome> {
    return this.#parts.log.forget(edge);
  }

  leave(edge: string, bootId: string): Promise<void> {
    return this.#parts.log.leave(edge, bootId);
  }

  onConfirmation(taker: string, listener: (confirmation: Confirmation) => void): () => void {
    return this.#parts.log.onConfirmation(taker, listener);
  }

  onJoin(listener: (beat: Heartbeat) => void): () => void {
    return this.#parts.log.onJoin(listener);
  }

  async server(): Promise<undefined> {
    return undefined;
  }

  async close(): Promise<void> {
    this.heal();
  }

  async #carry(from: string, to: string, label: string): Promise<void> {
    const { stage, travelMs, showsHeartbeats } = this.#parts;
    await (showsHeartbeats ? stage.travel(from, to, travelMs, "heartbeat", label) : stage.pause(travelMs));
  }
}
