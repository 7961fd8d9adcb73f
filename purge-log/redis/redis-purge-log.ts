import { setImmediate as endOfTurn } from "node:timers/promises";
import { isLoopback } from "../../process/address.ts";
import type { Clock } from "../../process/clock.ts";
import { Failure } from "../../process/failure.ts";
import { type RedisUrl, redisUrlOf } from "../../process/settings/redis-url.ts";
import { decodeConfirmation, decodeCounts, encodeConfirmation } from "../confirmation-codec.ts";
import { decodeHeartbeat } from "../heartbeat-codec.ts";
import { idTaken } from "../membership.ts";
import type { Position } from "../position.ts";
import type { Purge } from "../purge.ts";
import { encodePurge } from "../purge-codec.ts";
import { purgeDigest } from "../purge-digest.ts";
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
} from "../purge-log.ts";
import { listenTo } from "./channel-listener.ts";
import { Coalesced } from "./coalesce.ts";
import { failureOf, RedisConnection, type Reply } from "./connection.ts";
import { type ReadTable, readTable } from "./edge-table.ts";
import { COUNTS_KEY, EDGES_KEY, JOIN_CHANNEL, takerChannel } from "./keys.ts";
import { OutageReporter } from "./outage-reporter.ts";
import { daysLeft } from "./peer-certificate.ts";
import { Primary } from "./primary.ts";
import { ANSWER_MS, Publisher } from "./publisher.ts";
import { type RedisAccess, serverCredentials, usualReplicas } from "./redis-access.ts";
import { replicated } from "./replicas.ts";
import { missingRights } from "./rights.ts";
import { forgetEdge, publish, readEdgeTable, removeLeaving, sendHeartbeat } from "./scripts.ts";
import { ServerClock } from "./server-clock.ts";
import { readServerInfo } from "./server-info.ts";
import { BLOCK_MS, followStream } from "./stream-follower.ts";

// A quarter of ANSWER_MS: a caller always gets one try, even after a long outage.
const LONGEST_COMMAND_PAUSE_MS = 500;

// No caller waits for a follower's next try, so the follower may spare a server that is starting.
const LONGEST_FOLLOWER_PAUSE_MS = 2000;

export interface RedisPurgeLogOptions {
  /** As --redis has it. */
  readonly url: string;
  readonly access: RedisAccess;
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
 * connections: one to publish, one for heartbeats, one per follower, and one per listener.
 * Redis need not be reachable when it is constructed: nothing connects before it is used.
 */
export class RedisPurgeLog implements PurgeLog {
  readonly #options: RedisPurgeLogOptions;
  readonly #url: RedisUrl;
  readonly #primary: Primary;
  readonly #outage: OutageReporter;
  readonly #closed = new AbortController();
  readonly #commands: RedisConnection;
  readonly #publisher: Publisher;
  readonly #table: Coalesced<Reply<ReadTable>>;
  readonly #heartbeats: RedisConnection;
  readonly #serverClock = new ServerClock();
  /** When the last step of the server's clock was noticed that the log has been told of. */
  #toldOfStepAt: number | undefined;
  readonly #listening = new Set<Promise<void>>();
  #reportedRows = "";

  constructor(options: RedisPurgeLogOptions) {
    this.#options = options;
    this.#url = redisUrlOf(options.url);
    this.#primary = new Primary(this.#url, options.access);
    this.#outage = new OutageReporter(options.onTrouble, options.onRecovered);
    this.#commands = this.#connection("publisher", ANSWER_MS, LONGEST_COMMAND_PAUSE_MS);
    this.#publisher = new Publisher({
      clock: options.clock,
      closed: this.#closed.signal,
      gather: endOfTurn,
      send: (batch, ms) =>
        this.#commands.ask(async (client) => {
          const published = await publish(client, batch);
          await replicated(client, this.#replicas);
          return published;
        }, ms),
    });
    this.#table = new Coalesced(() => this.#readTable(), endOfTurn);
    this.#heartbeats = this.#connection("heartbeat", ANSWER_MS, LONGEST_COMMAND_PAUSE_MS);
  }

  async append(purge: Purge, floor: Position): Promise<AppendOutcome> {
    const encoded = encodePurge(purge);
    if (encoded.kind === "refused") return { kind: "rejected", reason: encoded.reason };
    const digest = purgeDigest(purge);
    return await this.#publisher.publish({ purgeId: purge.purgeId, text: encoded.text, digest }, floor);
  }

  follow(after: Position, signal: AbortSignal): AsyncGenerator<readonly LogEntry[]> {
    const ended = AbortSignal.any([signal, this.#closed.signal]);
    const connection = this.#connection("follower", BLOCK_MS + 1000, LONGEST_FOLLOWER_PAUSE_MS);
    return followStream(connection, this.#outage, this.#options.clock, after, ended);
  }

  async heartbeat(beat: Heartbeat): Promise<LogState> {
    const { steppedAt } = this.#serverClock;
    const { clock } = this.#options;
    const reply = await this.#heartbeats.ask(async (client) => {
      const sentAt = clock.monotonic();
      const outcome = await sendHeartbeat(client, beat, steppedAt !== this.#toldOfStepAt);
      const answeredAt = clock.monotonic();
      await replicated(client, this.#replicas);
      return { sentAt, answeredAt, outcome };
    }, ANSWER_MS);
    if (reply.kind !== "reply") throw failureOf(`heartbeat of ${beat.edge}`, reply);
    const { sentAt, answeredAt, outcome } = reply.value;
    // Once only, also by an edge whose id is taken: or the former boot, whose age begins anew, would have it for ever.
    this.#toldOfStepAt = steppedAt;
    if (outcome.kind === "taken") throw idTaken(beat.edge, outcome.bootId);
    this.#serverClock.observe(outcome.serverMs, sentAt, answeredAt);
    return outcome.state;
  }

  async members(): Promise<readonly Member[]> {
    const reply = await this.#table.next();
    if (reply.kind !== "reply") throw failureOf("reading the table of edges", reply);
    this.#reportRows(reply.value.unreadable.join(", "));
    return reply.value.members;
  }

  async server(): Promise<LogServer> {
    const { clock } = this.#options;
    const reply = await this.#commands.ask(async (client) => {
      const askedAt = clock.monotonic();
      const info = readServerInfo(await client.info());
      const roundTripMs = clock.monotonic() - askedAt;
      const certificateDaysLeft = daysLeft(client.stream, clock.wall());
      return { ...info, roundTripMs, certificateDaysLeft, missingRights: await missingRights(client) };
    }, ANSWER_MS);
    if (reply.kind !== "reply") throw failureOf("asking for the state of the server", reply);
    const isPrivate = this.#url.isTls || this.#url.hosts.every(({ host }) => isLoopback(host));
    return { ...reply.value, awaited: this.#replicas, isPrivate };
  }

  async forget(edge: string): Promise<ForgetOutcome> {
    // The script cannot see that its clock was set forward a moment ago. A look at the table tells.
    await this.members();
    const { steppedAt } = this.#serverClock;
    const believedMs =
      steppedAt === undefined ? Number.POSITIVE_INFINITY : this.#options.clock.monotonic() - steppedAt;
    const reply = await this.#commands.ask((client) => forgetEdge(client, edge, believedMs), ANSWER_MS);
    if (reply.kind !== "reply") throw failureOf(`forgetting ${edge}`, reply);
    return reply.value;
  }

  async leave(edge: string, bootId: string): Promise<void> {
    const reply = await this.#commands.ask((client) => removeLeaving(client, edge, bootId), ANSWER_MS);
    if (reply.kind !== "reply") throw failureOf(`${edge} leaving`, reply);
  }

  async counts(): Promise<ReadonlyMap<string, readonly PurgeCount[]>> {
    const reply = await this.#commands.ask((client) => client.hgetall(COUNTS_KEY), ANSWER_MS);
    if (reply.kind !== "reply") throw failureOf("reading what purges removed", reply);
    return new Map(Object.entries(reply.value).map(([edge, text]) => [edge, decodeCounts(text)]));
  }

  async confirm(taker: string, confirmation: Confirmation): Promise<boolean> {
    const text = encodeConfirmation(confirmation);
    const reply = await this.#heartbeats.ask(
      (client) => client.publish(takerChannel(taker), text),
      ANSWER_MS,
    );
    return reply.kind === "reply" && reply.value > 0;
  }

  onConfirmation(taker: string, listener: (confirmation: Confirmation) => void): () => void {
    return this.#listen(takerChannel(taker), (text) => {
      const decoded = decodeConfirmation(text);
      if (decoded.kind === "confirmation") listener(decoded.confirmation);
    });
  }

  onJoin(listener: (beat: Heartbeat) => void): () => void {
    return this.#listen(JOIN_CHANNEL, (text) => {
      const decoded = decodeHeartbeat(text);
      if (decoded.kind === "heartbeat") listener(decoded.beat);
    });
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#commands.close();
    this.#heartbeats.close();
    await Promise.all(this.#listening);
  }

  #listen(channel: string, heard: (text: string) => void): () => void {
    const stopped = new AbortController();
    const parts = {
      connection: this.#connection("listener", ANSWER_MS, LONGEST_FOLLOWER_PAUSE_MS),
      outage: this.#outage,
      clock: this.#options.clock,
    };
    const ended = AbortSignal.any([stopped.signal, this.#closed.signal]);
    const listening = listenTo(channel, heard, parts, ended);
    this.#listening.add(listening);
    listening.finally(() => this.#listening.delete(listening));
    return () => stopped.abort();
  }

  get #replicas(): number {
    return this.#options.access.redisReplicas ?? usualReplicas(this.#url);
  }

  #readTable(): Promise<Reply<ReadTable>> {
    const { clock } = this.#options;
    return this.#commands.ask(async (client) => {
      const sentAt = clock.monotonic();
      const table = await readEdgeTable(client);
      return readTable(table, this.#serverClock.observe(table.now, sentAt, clock.monotonic()));
    }, ANSWER_MS);
  }

  /** A row that cannot be read was not written by an edge: it is reported once, and is no member. */
  #reportRows(edges: string): void {
    if (edges === this.#reportedRows) return;
    this.#reportedRows = edges;
    if (edges === "") return;
    const rule = `a row of ${EDGES_KEY} is a time and a heartbeat, which the rows of these are not: ${edges}`;
    this.#options.onTrouble(new Failure("log-unreadable-edge", "log", rule));
  }

  #connection(name: string, silenceMs: number, longestPauseMs: number): RedisConnection {
    const { access, clock, random } = this.#options;
    const url = this.#url;
    return new RedisConnection({
      primary: this.#primary,
      database: url.database,
      credentials: () => serverCredentials(url, access),
      name: `edgecache-${name}`,
      clock,
      random,
      silenceMs,
      longestPauseMs,
    });
  }
}
