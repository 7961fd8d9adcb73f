import { setImmediate as endOfTurn } from "node:timers/promises";
import type { Clock } from "../../process/clock.ts";
import { Failure } from "../../process/failure.ts";
import { decodeHeartbeat } from "../heartbeat-codec.ts";
import { idTaken } from "../membership.ts";
import { BEGINNING, type Position } from "../position.ts";
import type { Purge } from "../purge.ts";
import { encodePurge } from "../purge-codec.ts";
import type { AppendOutcome, Heartbeat, LogEntry, LogState, Member, PurgeLog } from "../purge-log.ts";
import { Coalesced } from "./coalesce.ts";
import { failureOf, RedisConnection, type Reply } from "./connection.ts";
import { listenToHeartbeats } from "./heartbeats.ts";
import { EDGES_KEY } from "./keys.ts";
import { OutageReporter } from "./outage-reporter.ts";
import { ANSWER_MS, Publisher } from "./publisher.ts";
import { type EdgeTable, publish, readEdgeTable, removeEdge, sendHeartbeat } from "./scripts.ts";
import { BLOCK_MS, followStream } from "./stream-follower.ts";

// A quarter of ANSWER_MS: a caller always gets one try, even after a long outage.
const LONGEST_COMMAND_PAUSE_MS = 500;

// Nobody waits for a follower's next try, so it may spare a server that is coming up.
const LONGEST_FOLLOWER_PAUSE_MS = 2000;

export interface RedisPurgeLogOptions {
  /** redis:// or rediss://, with credentials if need be. */
  readonly url: string;
  readonly clock: Clock;
  /** Returns 0 ≤ x < 1, for the jitter of pauses. */
  readonly random: () => number;
  /** An outage that this log recovers from by itself began: told once. */
  readonly onTrouble: (failure: Failure) => void;
  /** That outage is over. */
  readonly onRecovered: () => void;
}

/**
 * The purge log as a Redis Stream. The scripts in lua.ts hold the protocol; this class owns the
 * connections: one to publish, one for heartbeats, one per follower, and one that listens to heartbeats.
 * Redis need not be reachable when it is constructed: nothing connects before it is used.
 */
export class RedisPurgeLog implements PurgeLog {
  readonly #options: RedisPurgeLogOptions;
  readonly #outage: OutageReporter;
  readonly #closed = new AbortController();
  readonly #commands: RedisConnection;
  readonly #publisher: Publisher;
  readonly #table: Coalesced<Reply<EdgeTable>>;
  readonly #heartbeats: RedisConnection;
  readonly #listeners = new Set<(beat: Heartbeat) => void>();
  #listening: Promise<void> | undefined;
  #reportedRows = "";

  constructor(options: RedisPurgeLogOptions) {
    this.#options = options;
    this.#outage = new OutageReporter(options.onTrouble, options.onRecovered);
    this.#commands = this.#connection("publisher", ANSWER_MS, LONGEST_COMMAND_PAUSE_MS);
    this.#publisher = new Publisher({
      clock: options.clock,
      closed: this.#closed.signal,
      gather: endOfTurn,
      send: (batch, ms) => this.#commands.ask((client) => publish(client, batch), ms),
    });
    this.#table = new Coalesced(() => this.#commands.ask(readEdgeTable, ANSWER_MS), endOfTurn);
    this.#heartbeats = this.#connection("heartbeat", ANSWER_MS, LONGEST_COMMAND_PAUSE_MS);
  }

  async append(purge: Purge, floor: Position): Promise<AppendOutcome> {
    const encoded = encodePurge(purge);
    return encoded.kind === "refused"
      ? { kind: "rejected", reason: encoded.reason }
      : await this.#publisher.publish({ purgeId: purge.purgeId, text: encoded.text }, floor);
  }

  follow(after: Position, signal: AbortSignal): AsyncGenerator<readonly LogEntry[]> {
    const ended = AbortSignal.any([signal, this.#closed.signal]);
    const connection = this.#connection("follower", BLOCK_MS + 1000, LONGEST_FOLLOWER_PAUSE_MS);
    return followStream(connection, this.#outage, after, ended);
  }

  async heartbeat(beat: Heartbeat): Promise<LogState> {
    // An edge that beats waits for the heartbeats of the others at its first purge. The subscription is there by then.
    this.#listening ??= this.#listen();
    const reply = await this.#heartbeats.ask((client) => sendHeartbeat(client, beat), ANSWER_MS);
    if (reply.kind !== "reply") throw failureOf(`heartbeat of ${beat.edge}`, reply);
    if (reply.value.kind === "taken") throw idTaken(beat.edge, reply.value.bootId);
    return reply.value.state;
  }

  async members(): Promise<readonly Member[]> {
    const reply = await this.#table.next();
    if (reply.kind !== "reply") throw failureOf("reading the table of edges", reply);
    return this.#readable(reply.value);
  }

  async forget(edge: string, bootId?: string): Promise<void> {
    const reply = await this.#commands.ask((client) => removeEdge(client, edge, bootId), ANSWER_MS);
    if (reply.kind !== "reply") throw failureOf(`forgetting ${edge}`, reply);
  }

  onHeartbeat(listener: (beat: Heartbeat) => void): () => void {
    this.#listeners.add(listener);
    this.#listening ??= this.#listen();
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#commands.close();
    this.#heartbeats.close();
    this.#listeners.clear();
    await this.#listening;
  }

  #listen(): Promise<void> {
    const connection = this.#connection("listener", ANSWER_MS, LONGEST_FOLLOWER_PAUSE_MS);
    return listenToHeartbeats(connection, this.#outage, this.#options.clock, this.#closed.signal, (json) => {
      // Without a waiting purge, nobody listens.
      if (this.#listeners.size === 0) return;
      const decoded = decodeHeartbeat(json);
      if (decoded.kind === "unreadable") return;
      for (const listener of this.#listeners) listener(decoded.beat);
    });
  }

  /** A row that cannot be read was not written by an edge: it is reported once, and is no member. */
  #readable(table: EdgeTable): readonly Member[] {
    const members: Member[] = [];
    const unreadable: string[] = [];
    for (const { edge, ageMs, json } of table.rows) {
      const decoded = decodeHeartbeat(json);
      if (decoded.kind === "heartbeat" && decoded.beat.edge === edge && Number.isFinite(ageMs)) {
        // After a restart the table may lack the latest heartbeats, so no age is believed beyond that.
        const heartbeatAgeMs = Math.max(0, Math.min(ageMs, table.trustedForMs));
        const { beat } = decoded;
        // Rule P1: what was reached in another history says nothing about this one.
        const position = beat.runId === table.runId ? beat.position : BEGINNING;
        members.push({ ...beat, position, heartbeatAgeMs, tableAgeMs: table.trustedForMs });
      } else unreadable.push(edge);
    }
    this.#reportRows(unreadable.sort().join(", "));
    return members.sort((a, b) => (a.edge < b.edge ? -1 : 1));
  }

  #reportRows(edges: string): void {
    if (edges === this.#reportedRows) return;
    this.#reportedRows = edges;
    if (edges === "") return;
    const rule = `a row of ${EDGES_KEY} is a time and a heartbeat, which the rows of these are not: ${edges}`;
    this.#options.onTrouble(new Failure("log-unreadable-edge", "log", rule));
  }

  #connection(name: string, silenceMs: number, longestPauseMs: number): RedisConnection {
    const { url, clock, random } = this.#options;
    return new RedisConnection({ url, name: `edgecache-${name}`, clock, random, silenceMs, longestPauseMs });
  }
}
