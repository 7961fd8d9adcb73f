import type { Clock } from "../../process/clock.ts";
import { decodeHeartbeat, encodeHeartbeat } from "../../purge-log/heartbeat-codec.ts";
import { BATCH_ENTRIES } from "../../purge-log/log-limits.ts";
import { idTaken } from "../../purge-log/membership.ts";
import { BEGINNING, formatPosition, type Position, parsePosition } from "../../purge-log/position.ts";
import type { Purge } from "../../purge-log/purge.ts";
import { encodePurge } from "../../purge-log/purge-codec.ts";
import type {
  AppendOutcome,
  Heartbeat,
  LogEntry,
  LogState,
  Member,
  PurgeLog,
} from "../../purge-log/purge-log.ts";
import { pauseMs } from "../../purge-log/redis/backoff.ts";
import { Coalesced } from "../../purge-log/redis/coalesce.ts";
import { failureOf, type Reply } from "../../purge-log/redis/connection.ts";
import { LOG_KEY } from "../../purge-log/redis/keys.ts";
import { ANSWER_MS, type Batch, type Published, Publisher } from "../../purge-log/redis/publisher.ts";
import {
  BLOCK_MS,
  decodeBatch,
  foreignIdAmong,
  type RawEntry,
} from "../../purge-log/redis/stream-follower.ts";
import type { SeededRandom } from "../rig/seeded-random.ts";
import type { Command, Session, SimulatedLink } from "./simulated-link.ts";
import type { SimulatedRedis } from "./simulated-redis.ts";
import type { VirtualTime } from "./virtual-time.ts";

// As in redis-purge-log.ts.
const LONGEST_COMMAND_PAUSE_MS = 500;
const LONGEST_FOLLOWER_PAUSE_MS = 2000;

type Table = ReturnType<SimulatedRedis["membersScript"]>;

/** Who hears of what is done at the server. */
export interface Witness {
  /** A heartbeat was recorded. */
  beaten(beat: Heartbeat): void;
  /** The purge stands in the log at this position of this history. */
  taken(purge: Purge, position: string, runId: string): void;
  /** An edge has been told so. */
  accepted(purge: Purge, position: string, runId: string): void;
}

export interface SimulatedPurgeLogParts {
  readonly wire: SimulatedLink;
  readonly witness: Witness;
  readonly time: VirtualTime;
  readonly clock: Clock;
  readonly random: SeededRandom;
}

/** What RedisPurgeLog is for a real server: the same commands, deadlines and pauses, over a simulated link. */
export class SimulatedPurgeLog implements PurgeLog {
  readonly #parts: SimulatedPurgeLogParts;
  readonly #commands: Connection;
  readonly #publisher: Publisher;
  readonly #table: Coalesced<Reply<Table>>;
  /** By id: whatever was to be appended. */
  readonly #purges = new Map<string, Purge>();
  readonly #heartbeats: Connection;
  readonly #listeners = new Set<(beat: Heartbeat) => void>();
  readonly #process = new AbortController();

  constructor(parts: SimulatedPurgeLogParts) {
    this.#parts = parts;
    this.#commands = this.#connection(ANSWER_MS, LONGEST_COMMAND_PAUSE_MS);
    this.#publisher = new Publisher({
      clock: parts.clock,
      closed: this.#process.signal,
      gather: () => Promise.resolve(),
      send: (batch) => this.#publish(batch),
    });
    this.#table = new Coalesced(
      () => this.#readTable(),
      () => Promise.resolve(),
    );
    this.#heartbeats = this.#connection(ANSWER_MS, LONGEST_COMMAND_PAUSE_MS);
  }

  async append(purge: Purge, floor: Position): Promise<AppendOutcome> {
    const encoded = encodePurge(purge);
    if (encoded.kind === "refused") return { kind: "rejected", reason: encoded.reason };
    const { purgeId } = purge;
    this.#purges.set(purgeId, purge);
    const outcome = await this.#publisher.publish({ purgeId, text: encoded.text }, floor);
    if (outcome.kind === "accepted")
      this.#parts.witness.accepted(purge, formatPosition(outcome.position), outcome.runId);
    return outcome;
  }

  async #publish({ purges, floor }: Batch): Promise<Reply<Published>> {
    const { witness } = this.#parts;
    const reply = await this.#commands.ask<readonly [string, ...string[]]>((redis, answer) => {
      const answered = redis.publishScript(purges, formatPosition(floor));
      const [runId, ...positions] = answered;
      for (const [index, { purgeId }] of purges.entries()) {
        const [purge, position] = [this.#purges.get(purgeId), positions[index]];
        if (purge !== undefined && position !== undefined) witness.taken(purge, position, runId);
      }
      answer(answered);
    });
    if (reply.kind !== "reply") return reply;
    const [runId, ...positions] = reply.value;
    return { kind: "reply", value: { runId, positions: positions.map(positionOf) } };
  }

  async *follow(after: Position, signal: AbortSignal): AsyncGenerator<readonly LogEntry[]> {
    const connection = this.#connection(BLOCK_MS + 1000, LONGEST_FOLLOWER_PAUSE_MS);
    let position = after;
    let trustedTail: Position | undefined;
    let foreignId: string | undefined;
    while (!signal.aborted) {
      const floor = formatPosition(position);
      if (trustedTail === undefined) {
        const strange = foreignId ?? "";
        foreignId = undefined;
        const verified = await connection.ask<string>((redis, answer) =>
          answer(redis.verifyScript(floor, strange)),
        );
        if (verified.kind === "reply") trustedTail = positionOf(verified.value);
        continue;
      }
      const read = await connection.ask(this.#readAfter(floor));
      const entries = read.kind === "reply" ? asRead(read.value) : undefined;
      const batch = entries === undefined ? undefined : decodeBatch(entries, trustedTail.epoch);
      const last = batch?.at(-1);
      if (batch === undefined) {
        trustedTail = undefined;
        foreignId = foreignIdAmong(entries ?? []);
      } else if (last !== undefined) {
        position = last.position;
        yield batch;
      }
    }
  }

  async heartbeat(beat: Heartbeat): Promise<LogState> {
    const json = encodeHeartbeat(beat);
    const reply = await this.#heartbeats.ask<readonly [string, string, string] | string>((redis, answer) => {
      const state = redis.heartbeatScript(formatPosition(beat.position), beat.edge, json, beat.bootId);
      answer(state);
      if (typeof state !== "string") this.#parts.witness.beaten(beat);
    });
    if (reply.kind !== "reply") throw failureOf(`heartbeat of ${beat.edge}`, reply);
    if (typeof reply.value === "string") throw idTaken(beat.edge, reply.value);
    const [runId, tail, first] = reply.value;
    return { runId, tail: positionOf(tail), first: positionOf(first) };
  }

  async members(): Promise<readonly Member[]> {
    const reply = await this.#table.next();
    if (reply.kind !== "reply") throw failureOf("reading the table of edges", reply);
    const [now, opened, history, cells] = reply.value;
    const tableAgeMs = Number(now) - Number(opened);
    const members: Member[] = [];
    for (let i = 0; i + 1 < cells.length; i += 2) {
      const cell = cells[i + 1] ?? "";
      const space = cell.indexOf(" ");
      const decoded = decodeHeartbeat(cell.slice(space + 1));
      if (decoded.kind !== "heartbeat") continue;
      const ageMs = Number(now) - Number(cell.slice(0, space));
      const heartbeatAgeMs = Math.max(0, Math.min(ageMs, tableAgeMs));
      const { beat } = decoded;
      const position = beat.runId === history ? beat.position : BEGINNING;
      members.push({ ...beat, position, heartbeatAgeMs, tableAgeMs });
    }
    return members.sort((a, b) => (a.edge < b.edge ? -1 : 1));
  }

  #readTable(): Promise<Reply<Table>> {
    return this.#commands.ask((redis, answer) => answer(redis.membersScript(formatPosition(BEGINNING))));
  }

  async forget(edge: string, bootId = ""): Promise<void> {
    const floor = formatPosition(BEGINNING);
    const reply = await this.#commands.ask<string>((redis, answer) =>
      answer(redis.forgetScript(floor, edge, bootId)),
    );
    if (reply.kind !== "reply") throw failureOf(`forgetting ${edge}`, reply);
  }

  onHeartbeat(listener: (beat: Heartbeat) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A heartbeat of any edge, as this edge hears of it. */
  heard(beat: Heartbeat): void {
    if (this.#listeners.size === 0) return;
    this.#parts.wire.push(() => {
      for (const listener of this.#listeners) listener(beat);
    });
  }

  /** The process is gone. */
  async close(): Promise<void> {
    this.#process.abort();
    this.#listeners.clear();
  }

  #connection(silenceMs: number, longestPauseMs: number): Connection {
    return new Connection(this.#parts, this.#process.signal, silenceMs, longestPauseMs);
  }

  /** XREAD BLOCK. */
  #readAfter(position: string): Command<readonly RawEntry[]> {
    return (redis, answer, reset) => {
      const found = redis.readAfter(position, BATCH_ENTRIES);
      if (found.length > 0) {
        answer(found);
        return;
      }
      const timedOut = this.#parts.time.after(BLOCK_MS, () => {
        unblock();
        answer([]);
      });
      const unblock = redis.block({
        wake: () => {
          // Who waits goes on waiting while something else stands in the place of the log.
          if (redis.data.type(LOG_KEY) !== "stream") return;
          const later = redis.readAfter(position, BATCH_ENTRIES);
          if (later.length === 0) return;
          unblock();
          timedOut();
          answer(later);
        },
        reset: () => {
          timedOut();
          reset();
        },
      });
    };
  }
}

/** What RedisConnection is: after each failure it pauses, longer each time. */
class Connection {
  readonly #parts: SimulatedPurgeLogParts;
  readonly #killed: AbortSignal;
  readonly #silenceMs: number;
  readonly #longestPauseMs: number;
  #session: Session = { runId: undefined };
  #failures = 0;
  #notBefore = 0;

  constructor(parts: SimulatedPurgeLogParts, killed: AbortSignal, silenceMs: number, longestPauseMs: number) {
    this.#parts = parts;
    this.#killed = killed;
    this.#silenceMs = silenceMs;
    this.#longestPauseMs = longestPauseMs;
  }

  /** A process that is gone sends nothing and hears nothing. */
  async ask<T>(command: Command<T>): Promise<Reply<T>> {
    const { clock, wire, random } = this.#parts;
    const pause = this.#notBefore - clock.monotonic();
    if (pause > 0) await clock.wait(pause);
    if (this.#killed.aborted) return await never();
    const reply = await wire.send(this.#session, command, this.#silenceMs);
    if (this.#killed.aborted) return await never();
    if (reply.kind === "reply") this.#failures = 0;
    else {
      this.#session = { runId: undefined };
      this.#failures += 1;
      const rest = pauseMs(this.#failures, this.#longestPauseMs, () => random.next());
      this.#notBefore = clock.monotonic() + rest;
    }
    return reply;
  }
}

/** Each its own: one for all would hold on to everybody who ever waited for it. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}

/** As it went over the wire: a copy of its own. */
function asRead(entries: readonly RawEntry[]): RawEntry[] {
  return entries.map(([id, fields]) => [id, fields]);
}

function positionOf(id: string): Position {
  const position = parsePosition(id);
  if (position === undefined) throw new Error(`the simulated Redis answered with the position ${id}`);
  return position;
}
