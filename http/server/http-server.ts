// The life of a request:
//   1. HttpServer accepts a connection, if there is room for it.
//   2. Connection finds one request at a time in the client's bytes, or refuses the bytes and closes. Nothing behind
//      the request under way is parsed; no more than 64 KiB of it is read.
//   3. The program takes an Exchange, which stands for the request until the last byte of its answer has left.
//   4. The next request of the connection is looked at then.
import { createServer, type Server } from "node:net";
import type { Clock } from "../../process/clock.ts";
import { listen } from "../../process/listen.ts";
import type { RefusedRequest } from "../message/refusal.ts";
import type { Scheme } from "../message/scheme.ts";
import type { AnswersAtOnce } from "./answer-at-once.ts";
import { ClientRequests } from "./client-requests.ts";
import { Connection } from "./connection.ts";
import type { ConnectionParts } from "./connection-parts.ts";
import { type ConnectionLimits, Connections } from "./connections.ts";
import type { Exchange } from "./exchange.ts";
import { peerAt } from "./peer.ts";
import { readShared } from "./shared-reads.ts";
import type { TimeoutLimits } from "./timeouts.ts";
import type { TrustedProxies } from "./trusted-proxies.ts";
import { Turns } from "./turn.ts";
import { WriteBuffer } from "./write-buffer.ts";

/** The time and memory that a client may use. Times in milliseconds. */
export interface ServerLimits extends TimeoutLimits, ConnectionLimits {
  /** For a field section to arrive, from its first byte, or from the connection when nothing comes. */
  readonly fieldsMs: number;
  /** How often all times are checked: how late they may be noticed. */
  readonly checkMs: number;
  /** Requests of one client under way at the same time. */
  readonly clientRequests: number;
}

/** Which limit a client has met. */
export const clientLimits = ["connections", "requests"] as const;
export type ClientLimit = (typeof clientLimits)[number];

/** The program that runs on the server. */
export interface HttpServerOptions {
  /** Begins the message when the port cannot be had: "router HTTP port". */
  readonly name: string;
  readonly scheme: Scheme;
  readonly clock: Clock;
  readonly limits: ServerLimits;
  /** Proxies whose forwarding fields are believed. */
  readonly proxies: TrustedProxies;
  /** A client (client-address.ts) was refused, or had a connection taken from it. */
  readonly limited: (limit: ClientLimit, client: string) => void;
  /** Called for each request. The program answers it through the exchange, now or later. */
  readonly take: (exchange: Exchange) => void;
  readonly atOnce?: AnswersAtOnce;
  /** The whole answer to bytes that are no request; the connection is closed after it. */
  readonly refuse: (refused: RefusedRequest, headOnly: boolean) => string;
  /** `take` or an answerer threw: logs it, and makes the answer after which the connection is closed. */
  readonly fault: (thrown: unknown, exchange: Exchange | undefined) => string;
  /** A connection could not be accepted, such as for want of a descriptor. The others go on. */
  readonly trouble: (error: Error) => void;
}

/** An HTTP/1.1 server on one port. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #connections: Connections;
  readonly #server: Server;
  readonly #stopped = new AbortController();
  #inFlight = 0;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    const { clock, scheme, limits, proxies, limited, take, atOnce, refuse, fault } = options;
    this.#connections = new Connections(limits, (client) => limited("connections", client));
    const parts: ConnectionParts = {
      clock,
      scheme,
      limits,
      outgoing: new WriteBuffer(),
      connections: this.#connections,
      requests: new ClientRequests(proxies, limits.clientRequests, (client) => limited("requests", client)),
      turns: new Turns(),
      began: () => {
        this.#inFlight += 1;
      },
      take,
      atOnce,
      ended: () => {
        this.#inFlight -= 1;
      },
      refuse,
      fault,
    };
    // A small mark makes a socket tell when all that was written has left.
    const sockets = { noDelay: true, highWaterMark: 1, allowHalfOpen: true, pauseOnConnect: true };
    this.#server = createServer(sockets, (accepted) => {
      const socket = readShared(accepted, (bytes, shared) => connection.received(bytes, shared));
      const connection = new Connection(socket, peerAt(socket.remoteAddress, scheme, proxies), parts);
      this.#connections.add(connection);
      socket.resume();
    });
  }

  /** Requests that are being answered. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Resolves with the bound port. Throws a Failure. */
  async open(host: string, port: number): Promise<number> {
    const bound = await listen(this.#server, host, port, this.#options.name);
    this.#server.on("error", this.#options.trouble);
    this.#checkTimes(this.#stopped.signal);
    return bound;
  }

  /** From now on each answer says that its connection ends with it; requests are taken as before. */
  windDown(): void {
    this.#connections.windDown();
  }

  /** Takes no more requests, lets the answers under way end for up to `patienceMs`, then cuts them. */
  async close(patienceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#connections.stop();
    const enough = new AbortController();
    const cut = this.#options.clock.wait(patienceMs, enough.signal).then(
      () => this.#connections.destroyAll(),
      () => undefined,
    );
    await closed;
    enough.abort();
    this.#stopped.abort();
    await cut;
  }

  /** Never rejects. */
  async #checkTimes(signal: AbortSignal): Promise<void> {
    const { clock, limits } = this.#options;
    while (!signal.aborted) {
      await clock.wait(limits.checkMs, signal).catch(() => undefined);
      this.#connections.checkTimes(clock.monotonic());
    }
  }
}
