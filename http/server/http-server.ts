// The life of a request:
//   1. HttpServer accepts a connection, if there is room for it. What a load balancer says of its client comes first,
//      then, on a TLS port, a handshake.
//      A connection of HTTP/2 has its life in http/h2/http2-connection.ts.
//   2. Connection finds one request at a time in the client's bytes, or refuses the bytes and closes. Nothing behind
//      the request under way is parsed; no more than 64 KiB of it is read.
//   3. The program takes an Exchange, which stands for the request until the last byte of its answer has left.
//   4. The next request of the connection is looked at then.
import { createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../../process/clock.ts";
import { listen, type PortSharing } from "../../process/listen.ts";
import type { RefusedRequest } from "../message/refusal.ts";
import type { AnswersAtOnce } from "./answer-at-once.ts";
import { ChallengeAnswer, type HttpChallenges } from "./challenge-answer.ts";
import { ClientRequests } from "./client-requests.ts";
import { COUNTED_ALONE, type CountedTogether } from "./client-tables.ts";
import { Connection } from "./connection.ts";
import type { ConnectionMaker, ConnectionParts } from "./connection-parts.ts";
import { type ConnectionLimits, Connections } from "./connections.ts";
import type { Exchange } from "./exchange.ts";
import { FirstBytes } from "./first-bytes.ts";
import { Handshake, type HandshakeFault } from "./handshake.ts";
import { Handshakes } from "./handshakes.ts";
import { HttpsRedirect } from "./https-redirect.ts";
import { timingLine, withOwnLines } from "./own-lines.ts";
import { type Peer, peerAt } from "./peer.ts";
import { type Begin, NOTHING, Preambles, type PreamblesConfig } from "./preambles.ts";
import { ReaderProgress } from "./reader-progress.ts";
import type { ServerLoad } from "./server-load.ts";
import { readShared } from "./shared-reads.ts";
import { readTlsShared } from "./shared-tls-reads.ts";
import type { TimeoutLimits } from "./timeouts.ts";
import { ACME_TLS, ServerTlsSocket, type TlsIdentity } from "./tls-socket.ts";
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
export const clientLimits = ["connections", "handshakes", "requests"] as const;
export type ClientLimit = (typeof clientLimits)[number];

/** The program that runs on the server. */
export interface HttpServerOptions {
  /** Begins the message when the port cannot be had: "router HTTP port". */
  readonly name: string;
  readonly clock: Clock;
  readonly limits: ServerLimits;
  /** With the other threads that serve the same port. */
  readonly counted?: CountedTogether | undefined;
  /** Proxies whose forwarding fields are believed. */
  readonly proxies: TrustedProxies;
  /** Load balancers that say who their client is before its bytes. */
  readonly preambles?: PreamblesConfig;
  /** Field lines that every answer has, each with its end. */
  readonly ownLines?: string | undefined;
  /**
   * A client (client-address.ts) was refused, or had a connection taken from it. `forwards`: it seems to be a proxy that
   * is not trusted.
   */
  readonly limited: (limit: ClientLimit, client: string, forwards: boolean) => void;
  /** A TLS handshake did not end well. */
  readonly handshakeFailed: (fault: HandshakeFault) => void;
  /** Called for each request. The program answers it through the exchange, now or later. */
  readonly take: (exchange: Exchange) => void;
  readonly atOnce?: AnswersAtOnce;
  /** The protocols, in lower case, for which the program may make a tunnel of a connection or stream. */
  readonly upgrades?: ReadonlySet<string>;
  /** HTTP/2, which clients of the TLS port may choose. */
  readonly http2: ConnectionMaker;
  /** HTTP/2 on the plain port too, for clients that begin with it. */
  readonly h2c: boolean;
  /** Requests by HTTP are answered with the same URL by HTTPS. */
  readonly redirectToHttps?: boolean | undefined;
  /** The whole answer to bytes that are no request; the connection is closed after it. */
  readonly refuse: (refused: RefusedRequest, headOnly: boolean, peer: Peer) => string;
  /** `take` or an answerer threw: logs it, and makes the answer after which the connection is closed. */
  readonly fault: (thrown: unknown, exchange: Exchange | undefined) => string;
  /** A connection could not be accepted, such as for want of a descriptor. The others go on. */
  readonly trouble: (error: Error) => void;
}

/** What belongs to a TLS port alone. */
export interface TlsPort {
  readonly identity: TlsIdentity;
  /** Field lines that every answer has, each with its end. */
  readonly ownLines: string;
  /** Whether answers tell the version of TLS. */
  readonly tellsVersion?: boolean;
  /** A CA may look at them on every port. */
  readonly challenges?: HttpChallenges | undefined;
}

interface ListeningPort {
  readonly host: string;
  readonly port: number;
  /** For the message when it cannot be had. */
  readonly name: string;
  readonly sharing: PortSharing | undefined;
}

// A small mark makes a socket tell when all that was written has left.
const SOCKETS = { noDelay: true, highWaterMark: 1, allowHalfOpen: true, pauseOnConnect: true } as const;

/** RFC 7301, RFC 9113 section 3.2. */
const PROTOCOLS = ["h2", "http/1.1"];

/** An HTTP server on one port or several, which share their limits. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #parts: ConnectionParts;
  readonly #connections: Connections;
  readonly #handshakes: Handshakes;
  readonly #preambles: Preambles | undefined;
  readonly #redirect: HttpsRedirect | undefined;
  #challenge: ChallengeAnswer | undefined;
  readonly #servers: Server[] = [];
  readonly #stopped = new AbortController();
  #inFlight = 0;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    const { clock, limits, proxies, take, atOnce, refuse, fault, counted = COUNTED_ALONE } = options;
    const limited = (limit: ClientLimit, client: string): void =>
      options.limited(limit, client, requests.forwards(client));
    const requests = new ClientRequests(
      proxies,
      limits.clientRequests,
      (client) => limited("requests", client),
      counted.requests,
    );
    this.#connections = new Connections(
      limits,
      (client) => limited("connections", client),
      counted.connections,
    );
    this.#handshakes = new Handshakes((client) => limited("handshakes", client));
    const { preambles } = options;
    if (preambles !== undefined && preambles.networks.length > 0)
      this.#preambles = new Preambles(preambles, { clock, connections: this.#connections });
    const redirect = options.redirectToHttps === true ? new HttpsRedirect(clock, proxies) : undefined;
    this.#redirect = redirect;
    this.#parts = {
      clock,
      limits,
      outgoing: new WriteBuffer(),
      connections: this.#connections,
      requests,
      turns: new Turns(),
      progress: new ReaderProgress(clock),
      began: () => {
        this.#inFlight += 1;
      },
      take: (exchange) => {
        if (this.#challenge?.answers(exchange) === true) return;
        if (redirect?.answers(exchange) !== true) take(exchange);
      },
      atOnce: redirect === undefined || atOnce === undefined ? atOnce : redirect.guard(atOnce),
      upgrades: options.upgrades ?? new Set(),
      ended: () => {
        this.#inFlight -= 1;
      },
      refuse: (refused, headOnly, peer) => withOwnLines(refuse(refused, headOnly, peer), peer.ownLines),
      fault,
    };
  }

  get load(): ServerLoad {
    return { inFlight: this.#inFlight, connections: this.#connections.open };
  }

  /** Opens a port. Resolves with its number. Throws a Failure. */
  open(host: string, port: number, sharing?: PortSharing): Promise<number> {
    return this.#listen({ host, port, name: this.#options.name, sharing }, (accepted, address, rest) => {
      const socket = readShared(accepted, (bytes, shared) => connection.received(bytes, shared));
      const peer = peerAt(address, "http", this.#options.proxies, this.#options.ownLines);
      const connection = this.#options.h2c
        ? new FirstBytes(socket, peer, this.#parts, this.#options.http2)
        : new Connection(socket, peer, this.#parts);
      this.#connections.add(connection);
      if (rest.length > 0 && !socket.destroyed) connection.received(rest, false);
      socket.resume();
    });
  }

  /** Opens a port for clients by HTTPS. Resolves with its number. Throws a Failure. */
  async openTls(host: string, port: number, tls: TlsPort, sharing?: PortSharing): Promise<number> {
    const name = `${this.#options.name}, by TLS`;
    if (tls.challenges !== undefined)
      this.#challenge = new ChallengeAnswer(tls.challenges, this.#options.clock);
    const bound = await this.#listen({ host, port, name, sharing }, (accepted, address, rest) => {
      // The handshake begins with what is buffered.
      if (rest.length > 0) accepted.unshift(rest);
      this.#shakeHands(accepted, address, tls);
    });
    if (this.#redirect !== undefined) this.#redirect.port = bound;
    return bound;
  }

  /** From now on each answer says that its connection ends with it; requests are taken as before. */
  windDown(): void {
    this.#connections.windDown();
  }

  /** Takes no more requests, lets the answers under way end for up to `patienceMs`, then cuts them. */
  async close(patienceMs: number): Promise<void> {
    const closed = Promise.all(
      this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    );
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

  async #listen(
    { host, port, name, sharing }: ListeningPort,
    accept: (socket: Socket, ...client: Parameters<Begin>) => void,
  ): Promise<number> {
    const server = createServer(SOCKETS, (socket) => {
      if (this.#preambles === undefined) accept(socket, socket.remoteAddress, NOTHING);
      else this.#preambles.read(socket, (address, rest) => accept(socket, address, rest));
    });
    const bound = await listen(server, host, port, name, sharing);
    server.on("error", this.#options.trouble);
    if (this.#servers.length === 0) void this.#checkTimes(this.#stopped.signal);
    this.#servers.push(server);
    return bound;
  }

  #shakeHands(
    accepted: Socket,
    address: string | undefined,
    { identity, ownLines: linesOfPort, tellsVersion }: TlsPort,
  ): void {
    const { clock, proxies, ownLines: linesOfAll = "" } = this.#options;
    const ownLines = linesOfAll + linesOfPort;
    const peer = peerAt(address, "https", proxies, ownLines);
    const socket = new ServerTlsSocket(accepted, identity, PROTOCOLS);
    const ended = () => {
      this.#handshakes.delete(handshake);
      this.#connections.delete(handshake);
    };
    const handshake = new Handshake(socket, peer, clock.monotonic(), {
      failed: (fault) => {
        ended();
        if (fault !== undefined) this.#options.handshakeFailed(fault);
      },
      done: () => {
        ended();
        // RFC 8737 section 3: the handshake was all.
        if (socket.alpnProtocol === ACME_TLS) {
          socket.destroySoon();
          return;
        }
        const tls = socket.getProtocol() ?? "";
        this.#serve(socket, {
          ...peer,
          tls,
          ownLines: ownLines + (tellsVersion === true ? timingLine(tls) : ""),
        });
      },
    });
    this.#handshakes.add(handshake);
    this.#connections.add(handshake);
  }

  #serve(socket: ServerTlsSocket, peer: Peer): void {
    const connection =
      socket.alpnProtocol === "h2"
        ? this.#options.http2(socket, peer, this.#parts)
        : new Connection(socket, peer, this.#parts);
    readTlsShared(socket, (bytes, shared) => connection.received(bytes, shared));
    this.#connections.add(connection);
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
