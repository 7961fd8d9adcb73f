import type { Clock } from "../../process/clock.ts";
import { comparePositions, type Position } from "../../purge-log/position.ts";
import type { Purge } from "../../purge-log/purge.ts";
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
} from "../../purge-log/purge-log.ts";
import { ServerClock, type ServerTime } from "../../purge-log/redis/server-clock.ts";

/** A purge log with some of its answers changed. */
class ChangedLog implements PurgeLog {
  readonly #log: PurgeLog;

  constructor(log: PurgeLog) {
    this.#log = log;
  }

  append(purge: Purge, floor: Position): Promise<AppendOutcome> {
    return this.#log.append(purge, floor);
  }

  follow(after: Position, signal: AbortSignal): AsyncIterable<readonly LogEntry[]> {
    return this.#log.follow(after, signal);
  }

  server(): Promise<LogServer | undefined> {
    return this.#log.server();
  }
  members(): Promise<readonly Member[]> {
    return this.#log.members();
  }

  forget(edge: string): Promise<ForgetOutcome> {
    return this.#log.forget(edge);
  }

  leave(edge: string, bootId: string): Promise<void> {
    return this.#log.leave(edge, bootId);
  }

  counts(): Promise<ReadonlyMap<string, readonly PurgeCount[]>> {
    return this.#log.counts();
  }

  confirm(taker: string, confirmation: Confirmation): Promise<boolean> {
    return this.#log.confirm(taker, confirmation);
  }

  onConfirmation(taker: string, listener: (confirmation: Confirmation) => void): () => void {
    return this.#log.onConfirmation(taker, listener);
  }

  onJoin(listener: (beat: Heartbeat) => void): () => void {
    return this.#log.onJoin(listener);
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  async heartbeat(beat: Heartbeat): Promise<LogState> {
    return this.changed(await this.#log.heartbeat(beat), beat);
  }

  protected changed(state: LogState, _beat: Heartbeat): LogState {
    return state;
  }
}

/** Has every entry that it misses, as one that purges nothing: no hole is to be seen. */
export class Holeless extends ChangedLog {
  override follow(after: Position, signal: AbortSignal): AsyncIterable<readonly LogEntry[]> {
    return withoutHoles(after, super.follow(after, signal));
  }
}

async function* withoutHoles(
  after: Position,
  batches: AsyncIterable<readonly LogEntry[]>,
): AsyncGenerator<readonly LogEntry[]> {
  let last = after;
  for await (const entries of batches) {
    const dense: LogEntry[] = [];
    for (const entry of entries) {
      const { epoch, seq } = entry.position;
      // What a stranger has written into a later epoch is too far away to be filled up.
      for (let missing = last.seq + 1; epoch === last.epoch && missing < seq; missing += 1) {
        dense.push(nothing({ epoch, seq: missing }));
      }
      dense.push(entry);
      last = entry.position;
    }
    yield dense;
  }
}

function nothing(position: Position): LogEntry {
  const targets = [{ kind: "url", target: "/nothing" }] as const;
  return {
    position,
    content: { kind: "purge", purge: { purgeId: "nothing", targets, soft: false, by: "" } },
  };
}

/** Says to every edge that it is at the tail, unless entries that it needs are gone. */
export class EveryoneAtTail extends ChangedLog {
  protected override changed(state: LogState, { position }: Heartbeat): LogState {
    const started = position.epoch > 0;
    const behind = started && comparePositions(state.tail, position) > 0;
    return behind ? { ...state, tail: position } : state;
  }
}

/** Keeps from the edge that the server restarted, or has less than it had, or was trimmed. */
export class Forgetful extends ChangedLog {
  #runId = "";

  override async heartbeat(beat: Heartbeat): Promise<LogState> {
    // What the others are told stays true.
    const state = await super.heartbeat({ ...beat, runId: this.#runId });
    this.#runId = state.runId;
    const tail = comparePositions(state.tail, beat.position) < 0 ? beat.position : state.tail;
    return { runId: "always the same", tail, first: { epoch: 0, seq: 0 } };
  }
}

/** Notes when each heartbeat was sent and when its reply came. */
export class Timed extends ChangedLog {
  readonly #clock: Clock;
  readonly #repliedAt: Map<number, number>;

  constructor(log: PurgeLog, clock: Clock, repliedAt: Map<number, number>) {
    super(log);
    this.#clock = clock;
    this.#repliedAt = repliedAt;
  }

  override async heartbeat(beat: Heartbeat): Promise<LogState> {
    const sentAt = this.#clock.monotonic();
    const state = await super.heartbeat(beat);
    this.#repliedAt.set(sentAt, this.#clock.monotonic());
    return state;
  }
}

/** Says of every edge that it serves nothing stale without a lease. */
export class AllFencible extends ChangedLog {
  override async members(): Promise<readonly Member[]> {
    return (await super.members()).map((member) => ({ ...member, staleWhenLapsed: false }));
  }
}

/** Confirms the entry after the one that the edge has applied, too. */
export class ConfirmingTooMuch extends ChangedLog {
  override confirm(taker: string, confirmation: Confirmation): Promise<boolean> {
    const { epoch, seq } = confirmation.position;
    return super.confirm(taker, { ...confirmation, position: { epoch, seq: seq + 1 } });
  }
}

/** Does not notice that the server's clock was set. */
export class StepBlind extends ServerClock {
  override observe(): ServerTime {
    return { trustedForMs: Number.POSITIVE_INFINITY, hiddenMs: 0 };
  }
}
