import type { VirtualTime } from "../../learn/simulation/virtual-time.ts";
import { WorkSlice } from "../../process/work-slice.ts";
import { encodeCounts } from "../../purge-log/confirmation-codec.ts";
import { encodeHeartbeat } from "../../purge-log/heartbeat-codec.ts";
import { idTaken } from "../../purge-log/membership.ts";
import { BEGINNING, formatPosition, type Position, parsePosition } from "../../purge-log/position.ts";
import type { Purge } from "../../purge-log/purge.ts";
import { decodeEntry, encodePurge, PURGE_FIELD } from "../../purge-log/purge-codec.ts";
import { purgeDigest } from "../../purge-log/purge-digest.ts";
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
import { Coalesced } from "../../purge-log/redis/coalesce.ts";
import { failureOf, type Reply } from "../../purge-log/redis/connection.ts";
import { type ReadTable, readTable } from "../../purge-log/redis/edge-table.ts";
import { ANSWER_MS, type Batch, type Published, Publisher } from "../../purge-log/redis/publisher.ts";
import type { ServerClock } from "../../purge-log/redis/server-clock.ts";
import {
  BLOCK_MS,
  decodeBatch,
  foreignIdAmong,
  type RawEntry,
} from "../../purge-log/redis/stream-follower.ts";
import { blockingRead } from "./blocking-read.ts";
import { SimulatedConnection, type SimulatedConnectionParts } from "./simulated-connection.ts";
import type { ForgetReply, HeartbeatReply, SimulatedRedis } from "./simulated-redis.ts";

// As in redis-purge-log.ts.
const LONGEST_COMMAND_PAUSE_MS = 500;
const LONGEST_FOLLOWER_PAUSE_MS = 2000;

const LOST_MESSAGES = 0.1;

/** Listeners to the commands at the server. */
export interface Witness {
  /** An edge has told the taker of purges what it has applied. Whether that one listens. */
  told(taker: string, confirmation: Confirmation): boolean;
  /** The purge stands in the log at this position of this history. */
  taken(purge: Purge, position: string, runId: string): void;
  /** An edge has been told so. */
  accepted(purge: Purge, position: string, runId: string): void;
}

export interface SimulatedPurgeLogParts extends SimulatedConnectionParts {
  readonly witness: Witness;
  readonly time: VirtualTime;
  readonly serverClock: ServerClock;
}

/** The counterpart of RedisPurgeLog: the same commands, deadlines and pauses, over a simulated link. */
export class SimulatedPurgeLog implements PurgeLog {
  readonly #parts: SimulatedPurgeLogParts;
  readonly #commands: SimulatedConnection;
  readonly #publisher: Publisher;
  readonly #table: Coalesced<Reply<ReadTable>>;
  readonly #heartbeats: SimulatedConnection;
  #toldOfStepAt: number | undefined;
  readonly #listeners = new Set<(confirmation: Confirmation) => void>();
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
    const outcome = await this.#publisher.publish(
      { purgeId, text: encoded.text, digest: purgeDigest(purge) },
      floor,
    );
    if (outcome.kind === "accepted")
      this.#parts.witness.accepted(purge, formatPosition(outcome.position), outcome.runId);
    return outcome;
  }

  async #publish({ purges, floor }: Batch): Promise<Reply<Published>> {
    const { witness } = this.#parts;
    const reply = await this.#commands.ask<readonly [string, ...string[]]>((redis, answer) => {
      const answered = redis.publishScript(purges, formatPosition(floor));
      const [runId, ...positions] = answered;
      for (const [index, { text }] of purges.entries()) {
        const content = decodeEntry([PURGE_FIELD, text]);
        const position = positions[index] ?? "";
        if (content.kind === "purge" && position !== "") witness.taken(content.purge, position, runId);
      }
      answer(answered);
    });
    if (reply.kind !== "reply") return reply;
    const [runId, ...positions] = reply.value;
    return { kind: "reply", value: { runId, positions: positions.map(placeOf) } };
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
      const read = await connection.ask(blockingRead(floor, this.#parts.time));
      const entries = read.kind === "reply" ? asRead(read.value) : undefined;
      const slice = new WorkSlice(this.#parts.clock);
      const batch = entries === undefined ? undefined : await decodeBatch(entries, trustedTail.epoch, slice);
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
    const { clock, serverClock } = this.#parts;
    const { steppedAt } = serverClock;
    let sentAt = clock.monotonic();
    const reply = await this.#heartbeats.ask<HeartbeatReply | string>(
      (redis, answer) => {
        const { edge, bootId } = beat;
        const stepped = steppedAt !== this.#toldOfStepAt;
        const counts = encodeCounts(beat.applied);
        const position = formatPosition(beat.position);
        answer(redis.heartbeatScript({ position, edge, json, boot: bootId, clockStepped: stepped, counts }));
      },
      () => {
        sentAt = clock.monotonic();
      },
    );
    if (reply.kind !== "reply") throw failureOf(`heartbeat of ${beat.edge}`, reply);
    this.#toldOfStepAt = steppedAt;
    if (typeof reply.value === "string") throw idTaken(beat.edge, reply.value);
    const [runId, tail, first, nowMs] = reply.value;
    serverClock.observe(Number(nowMs), sentAt, clock.monotonic());
    return { runId, tail: positionOf(tail), first: positionOf(first) };
  }

  async server(): Promise<undefined> {
    return undefined;
  }

  async members(): Promise<readonly Member[]> {
    const reply = await this.#table.next();
    if (reply.kind !== "reply") throw failureOf("reading the table of edges", reply);
    return reply.value.members;
  }

  async #readTable(): Promise<Reply<ReadTable>> {
    const { clock, serverClock } = this.#parts;
    let sentAt = clock.monotonic();
    const reply = await this.#commands.ask<ReturnType<SimulatedRedis["membersScript"]>>(
      (redis, answer) => answer(redis.membersScript(formatPosition(BEGINNING))),
      () => {
        sentAt = clock.monotonic();
      },
    );
    if (reply.kind !== "reply") return reply;
    const [now, opened, runId, cells] = reply.value;
    const rows = [];
    for (let i = 0; i + 1 < cells.length; i += 2) {
      const [edge = "", cell = ""] = cells.slice(i, i + 2);
      const space = cell.indexOf(" ");
      rows.push({ edge, beatenAt: Number(cell.slice(0, space)), json: cell.slice(space + 1) });
    }
    const time = serverClock.observe(Number(now), sentAt, clock.monotonic());
    return {
      kind: "reply",
      value: readTable({ now: Number(now), opened: Number(opened), runId, rows }, time),
    };
  }

  async forget(edge: string): Promise<ForgetOutcome> {
    await this.members();
    const { clock, serverClock } = this.#parts;
    const { steppedAt } = serverClock;
    const believedMs = steppedAt === undefined ? Number.POSITIVE_INFINITY : clock.monotonic() - steppedAt;
    const reply = await this.#commands.ask<ForgetReply>((redis, answer) =>
      answer(redis.forgetScript(formatPosition(BEGINNING), edge, believedMs)),
    );
    if (reply.kind !== "reply") throw failureOf(`forgetting ${edge}`, reply);
    const [kind, leftMs, ageMs] = reply.value;
    const heartbeatAgeMs = Number(ageMs);
    return kind === "serving" ? { kind, leftMs: Number(leftMs), heartbeatAgeMs } : { kind, heartbeatAgeMs };
  }

  async leave(edge: string, bootId: string): Promise<void> {
    const floor = formatPosition(BEGINNING);
    await this.#commands.ask<string>((redis, answer) => answer(redis.leaveScript(floor, edge, bootId)));
  }

  /** Only lists of purges show them, and nobody asks for one here. */
  async counts(): Promise<ReadonlyMap<string, readonly PurgeCount[]>> {
    return new Map();
  }

  async confirm(taker: string, confirmation: Confirmation): Promise<boolean> {
    const reply = await this.#heartbeats.ask<boolean>((_redis, answer) =>
      answer(this.#parts.witness.told(taker, confirmation)),
    );
    return reply.kind === "reply" && reply.value;
  }

  onConfirmation(_taker: string, listener: (confirmation: Confirmation) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Only routers listen to it. */
  onJoin(): () => void {
    return () => undefined;
  }

  /** Messages to this edge. Some are lost, as while a subscription is being renewed. */
  heard(confirmation: Confirmation): void {
    if (this.#parts.random.chance(LOST_MESSAGES)) return;
    this.#parts.wire.push(() => {
      for (const listener of this.#listeners) listener(confirmation);
    });
  }

  /** The process is gone. */
  async close(): Promise<void> {
    this.#process.abort();
    this.#listeners.clear();
  }

  #connection(silenceMs: number, longestPauseMs: number): SimulatedConnection {
    return new SimulatedConnection(this.#parts, this.#process.signal, silenceMs, longestPauseMs);
  }
}

/** As it went over the wire: a copy of its own. */
function asRead(entries: readonly RawEntry[]): RawEntry[] {
  return entries.map(([id, fields]) => [id, fields]);
}

function placeOf(id: string): Position | "another-purge" {
  return id === "" ? "another-purge" : positionOf(id);
}

function positionOf(id: string): Position {
  const position = parsePosition(id);
  if (position === undefined) throw new Error(`the simulated Redis answered with the position ${id}`);
  return position;
}
