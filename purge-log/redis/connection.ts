import { Redis, ReplyError } from "ioredis";
import type { Address } from "../../process/address.ts";
import type { Clock } from "../../process/clock.ts";
import { Deadlines } from "../../process/deadlines.ts";
import { describeError, Failure } from "../../process/failure.ts";
import { pauseMs } from "./backoff.ts";
import type { Primary } from "./primary.ts";
import type { Credentials } from "./redis-access.ts";

// A host that swallows the first packet must not take longer than an answer may.
const CONNECT_MS = 2000;

export interface RedisConnectionOptions {
  readonly primary: Pick<Primary, "name" | "find" | "isAt" | "onMoved">;
  readonly database: number;
  /** Read at each connection, because files change. Throws an Error. */
  readonly credentials: () => Credentials;
  /** The purpose of the connection; Redis shows it in CLIENT LIST. */
  readonly name: string;
  readonly clock: Clock;
  /** Returns 0 ≤ x < 1. */
  readonly random: () => number;
  /** How long a sent command may go without a byte of reply, in milliseconds. */
  readonly silenceMs: number;
  /** The longest pause before connecting again, in milliseconds. */
  readonly longestPauseMs: number;
}

/** The outcome of a command. */
export type Reply<T> =
  | { readonly kind: "reply"; readonly value: T }
  /** Redis answered with an error. */
  | { readonly kind: "refused"; readonly reason: string }
  /** Not connected in time: the command was not sent. */
  | { readonly kind: "unreachable"; readonly reason: string }
  /** Sent, and no answer came: it may have been carried out. */
  | { readonly kind: "unanswered"; readonly reason: string };

/** `notBefore` is in the clock's monotonic milliseconds. */
type State =
  | { readonly kind: "idle"; readonly notBefore: number }
  | { readonly kind: "connecting"; readonly opened: Promise<Redis> }
  | { readonly kind: "open"; readonly client: Redis; readonly at: Address };

/** One command on its way. */
interface Call {
  client: Redis | undefined;
  overdue: boolean;
}

/**
 * One connection that is made when it is needed and made anew after any failure.
 *
 *   idle → connecting → open
 *    ↑_________↓_________↓      any error, error reply or deadline, after a pause that grows
 *
 * ioredis is told never to reconnect or resend by itself: it re-sends a write whose reply was lost,
 * and a blocking read can hang for ever in its queue. A client object that failed is thrown away.
 */
export class RedisConnection {
  readonly #options: RedisConnectionOptions;
  readonly #closing = new AbortController();
  readonly #deadlines: Deadlines;
  readonly #endsListening: () => void;
  #failures = 0;
  #state: State = { kind: "idle", notBefore: 0 };

  constructor(options: RedisConnectionOptions) {
    this.#options = options;
    this.#deadlines = new Deadlines(options.clock, this.#closing.signal);
    this.#endsListening = options.primary.onMoved(() => this.#leaveFormer());
  }

  /**
   * Sends what `command` sends, after connecting if need be. Never throws. Without `withinMs`, a pause
   * and a connect may come first and only the silence after sending is bounded.
   */
  async ask<T>(command: (client: Redis) => Promise<T>, withinMs?: number): Promise<Reply<T>> {
    const call: Call = { client: undefined, overdue: false };
    try {
      const sent = this.#send(call, command);
      const value = withinMs === undefined ? await sent : await this.#deadlines.within(sent, withinMs);
      this.#failures = 0;
      return { kind: "reply", value };
    } catch (thrown) {
      call.overdue = true;
      if (call.client === undefined) return { kind: "unreachable", reason: this.#about(thrown) };
      this.#abandon(call.client);
      return { kind: thrown instanceof ReplyError ? "refused" : "unanswered", reason: this.#about(thrown) };
    }
  }

  /** Cuts the connection; whatever is on its way ends as unreachable or unanswered. */
  close(): void {
    this.#closing.abort(new Error("the purge log was closed"));
    this.#endsListening();
    if (this.#state.kind === "open") this.#state.client.disconnect();
  }

  async #send<T>(call: Call, command: (client: Redis) => Promise<T>): Promise<T> {
    const { client } = this.#state.kind === "open" ? this.#state : { client: await this.#connected() };
    // Its caller has been told that nothing was sent, so nothing may be.
    if (call.overdue) throw new Error("the command was given up before it was sent");
    call.client = client;
    return await command(client);
  }

  #connected(): Promise<Redis> {
    const state = this.#state;
    switch (state.kind) {
      case "open":
        return Promise.resolve(state.client);
      case "connecting":
        return state.opened;
      case "idle": {
        const opened = this.#connect(state.notBefore);
        this.#state = { kind: "connecting", opened };
        return opened;
      }
    }
  }

  async #connect(notBefore: number): Promise<Redis> {
    const { clock, primary } = this.#options;
    const { signal } = this.#closing;
    let client: Redis | undefined;
    // connect() says only "Connection is closed."; the reason comes as an event.
    let reason: unknown;
    const cut = () => client?.disconnect();
    signal.addEventListener("abort", cut, { once: true });
    try {
      const pause = notBefore - clock.monotonic();
      if (pause > 0) await clock.wait(pause, signal);
      signal.throwIfAborted();
      const at = await primary.find();
      signal.throwIfAborted();
      client = this.#makeClient(at);
      client.on("error", (error) => {
        reason = error;
      });
      await client.connect();
      // Somebody may have looked since.
      if (!primary.isAt(at)) throw new Error("the primary has moved");
      return this.#opened(client, at);
    } catch (thrown) {
      client?.disconnect();
      this.#rest();
      throw signal.aborted ? signal.reason : (reason ?? thrown);
    } finally {
      signal.removeEventListener("abort", cut);
    }
  }

  #opened(client: Redis, at: Address): Redis {
    client.once("end", () => this.#ended(client));
    this.#state = { kind: "open", client, at };
    return client;
  }

  #makeClient({ host, port }: Address): Redis {
    return new Redis({
      ...this.#options.credentials(),
      host,
      port,
      db: this.#options.database,
      lazyConnect: true,
      connectionName: this.#options.name,
      disableClientInfo: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      autoResubscribe: false,
      // A server that is loading answers LOADING, which says more than a connection that is never ready.
      enableReadyCheck: false,
      connectTimeout: CONNECT_MS,
      socketTimeout: this.#options.silenceMs,
      // A stopped server never answers our FIN: without this each try would leave a socket behind.
      disconnectTimeout: 0,
    });
  }

  /** The primary is elsewhere now. The next command goes there at once. */
  #leaveFormer(): void {
    if (this.#state.kind !== "open" || this.#options.primary.isAt(this.#state.at)) return;
    const { client } = this.#state;
    this.#state = { kind: "idle", notBefore: 0 };
    client.disconnect();
  }

  #abandon(client: Redis): void {
    client.disconnect();
    if (this.#state.kind === "open" && this.#state.client === client) this.#rest();
  }

  #rest(): void {
    this.#failures += 1;
    const pause = pauseMs(this.#failures, this.#options.longestPauseMs, this.#options.random);
    this.#state = { kind: "idle", notBefore: this.#options.clock.monotonic() + pause };
  }

  /** The server went away while nothing was asked of it: the next command may try at once. */
  #ended(client: Redis): void {
    if (this.#state.kind !== "open" || this.#state.client !== client) return;
    this.#state = { kind: "idle", notBefore: 0 };
  }

  #about(thrown: unknown): string {
    return `${this.#options.primary.name}: ${describeError(thrown)}`;
  }
}

/** The Failure log-refused, log-unreachable or log-unanswered. `what` names the attempt. */
export function failureOf(what: string, reply: Exclude<Reply<unknown>, { kind: "reply" }>): Failure {
  return new Failure(`log-${reply.kind}`, "log", `${what}: ${reply.reason}`);
}
