import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { Fields } from "../../http/message/fields.ts";
import {
  ALLOWED_METHODS,
  authorityOf,
  originForm,
  refuseRequest,
} from "../../http/message/refuse-request.ts";
import { TrustedProxies } from "../../http/server/trusted-proxies.ts";
import { describeError } from "../../process/failure.ts";
import { listen } from "../../process/listen.ts";
import type { CacheContext } from "../cache/context.ts";
import { errorAnswer, failureAnswer } from "../cache/error-answer.ts";
import { type EdgeRequest, serve } from "../cache/serve.ts";
import type { Sites } from "../origin/sites.ts";
import { hasContent } from "../rules/storable.ts";
import type { Connection, Exchange } from "./connection.ts";
import { Connections } from "./connections.ts";
import { parseFault } from "./parse-fault.ts";
import { answerBytes, respond } from "./respond.ts";

/** What a client may take of the edge's time and room. Times in milliseconds. */
export interface ClientLimits {
  /** For a field section to arrive, from its first byte or from the connection. */
  readonly fieldsMs: number;
  /** To wait for a request's body in all; a body that keeps arriving earns more with every KiB. */
  readonly bodyMs: number;
  /** How often the two are checked: how late they may be. */
  readonly checkMs: number;
  /** Open at the same time. */
  readonly connections: number;
}

const CLIENT_LIMITS: ClientLimits = {
  fieldsMs: 10_000,
  bodyMs: 30_000,
  checkMs: 1_000,
  // Far below the usual limit on file descriptors, far above what one edge's clients and routers need.
  connections: 4_000,
};
// Longer than clients and routers keep their connections, so that they close first and no request meets a closing one.
const KEEP_ALIVE_MS = 65_000;
// The rules refuse 8 KiB of fields with a reason; this only bounds what is read before they see them.
const MOST_HEAD_BYTES = 64 * 1024;
// What may wait in memory for one client before the writer waits for it.
const WRITE_BUFFER_BYTES = 256 * 1024;

// 1 KiB a second: slower than any link that people use.
const MS_A_KIB = 1_000;

/** What a field section asks for. */
type Asked =
  | { readonly kind: "request"; readonly request: EdgeRequest; readonly expectsContinue: boolean }
  | { readonly kind: "refused"; readonly status: number; readonly detail: string };

export interface ListenerConfig {
  /** How much later every answer is given, to play a far edge. */
  readonly simulateLatencyMs: number;
  /** Networks of the proxies that are believed about the addresses before them. */
  readonly trustedProxies: readonly string[];
}

/** The HTTP data port: the front door of an edge. It serves the site and nothing else. */
export class Listener {
  #inFlight = 0;
  readonly #server: Server;
  readonly #edge: CacheContext;
  readonly #sites: Sites;
  readonly #latencyMs: number;
  readonly #proxies: TrustedProxies;
  readonly #connections: Connections;
  readonly #limits: ClientLimits;

  constructor(edge: CacheContext, sites: Sites, config: ListenerConfig, limits = CLIENT_LIMITS) {
    this.#edge = edge;
    this.#sites = sites;
    this.#latencyMs = config.simulateLatencyMs;
    this.#proxies = new TrustedProxies(config.trustedProxies);
    this.#limits = limits;
    this.#connections = new Connections(limits.connections, edge.clock);
    this.#server = createServer({
      headersTimeout: limits.fieldsMs,
      // Counted by the body watch, which knows a slow client from a slow origin.
      requestTimeout: 0,
      connectionsCheckingInterval: limits.checkMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MOST_HEAD_BYTES,
      highWaterMark: WRITE_BUFFER_BYTES,
      // The rules answer these, so that the answer names the reason.
      requireHostHeader: false,
    });
    // Every field is given to the rules, which count them; by default node leaves out what is over its limit.
    this.#server.maxHeadersCount = 0;
    this.#server.on("connection", (socket) => this.#connections.add(socket));
    this.#server.on("request", (message, response) => this.#take(message, response));
    this.#server.on("checkContinue", (message, response) => this.#take(message, response));
    this.#server.on("checkExpectation", (message, response) => this.#take(message, response));
    this.#server.on("clientError", (error, socket) => this.#takeFault(error, socket));
    this.#server.on("connect", ({ socket }) => this.#takeConnect(socket));
  }

  /** Requests that are being answered. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Resolves with the bound port. Throws a Failure. */
  async open(host: string, port: number): Promise<number> {
    const bound = await listen(this.#server, host, port, `${this.#edge.id} HTTP data port`);
    // Such as too many open files when a connection is accepted: the next one may be luckier.
    this.#server.on("error", (cause) =>
      this.#edge.log.error({ cause: describeError(cause) }, "data port cannot accept"),
    );
    return bound;
  }

  /** From now on each answer says that its connection ends with it; requests are taken as before. */
  windDown(): void {
    this.#connections.windDown();
  }

  /** Takes no more connections, lets the answers in flight end for up to `patienceMs`, then cuts them. */
  async close(patienceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#connections.drain();
    const patience = new AbortController();
    const cut = this.#edge.clock.wait(patienceMs, patience.signal).then(
      () => this.#connections.closeAll(),
      () => undefined,
    );
    await closed;
    patience.abort();
    await cut;
  }

  #take(message: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.of(message.socket);
    if (connection === undefined || connection.ending) return;
    const asked = this.#read(message);
    if (asked.kind === "refused") {
      this.#refuse(connection, asked.status, asked.detail, message);
      return;
    }
    // RFC 9110 section 10.1.1: the rules have refused every other expectation.
    if (asked.expectsContinue) response.writeContinue();
    const exchange: Exchange = { message, response, abandoned: false };
    this.#connections.take(connection, exchange, (turn) => this.#answer(exchange, asked.request, turn));
    if (asked.request.body !== undefined) this.#watchBody(connection, message);
  }

  /** Cuts a client that lets its body trickle. */
  async #watchBody(connection: Connection, message: IncomingMessage): Promise<void> {
    const { bodyMs, checkMs } = this.#limits;
    const before = message.socket.bytesRead;
    let waitedMs = 0;
    while (!message.complete && !message.destroyed) {
      await this.#edge.clock.wait(checkMs);
      // Bytes that have come and were not taken are the origin's delay, not the client's.
      if (message.readableLength === 0) waitedMs += checkMs;
      const earnedMs = ((message.socket.bytesRead - before) / 1024) * MS_A_KIB;
      if (waitedMs > bodyMs + earnedMs && !message.complete) {
        this.#refuse(connection, 408, "request-too-slow");
        return;
      }
    }
  }

  #read(message: IncomingMessage): Asked {
    const { method = "", url = "", httpVersion, rawHeaders } = message;
    const head = { method, target: url, httpVersion, rawFields: rawHeaders };
    const refusal = refuseRequest(head);
    if (refusal !== undefined) return { kind: "refused", status: refusal.status, detail: refusal.detail };
    const authority = authorityOf(head) ?? "";
    const site = this.#sites.of(authority);
    // RFC 9110 section 15.5.20: this edge does not answer for that authority.
    if (site === undefined) return { kind: "refused", status: 421, detail: "unknown-host" };
    const fields = Fields.ofRaw(rawHeaders);
    const body = hasContent(fields) ? message : undefined;
    const addresses = this.#proxies.chain(
      message.socket.remoteAddress ?? "unknown",
      fields.get("X-Forwarded-For"),
    );
    return {
      kind: "request",
      request: { method, target: originForm(url), site, fields, scheme: "http", authority, addresses, body },
      expectsContinue: fields.has("Expect") && httpVersion === "1.1",
    };
  }

  /** Never rejects. */
  async #answer(exchange: Exchange, request: EdgeRequest, turn: Promise<void>): Promise<void> {
    const { clock, counters } = this.#edge;
    this.#inFlight += 1;
    try {
      // One at a time: a client that pipelines gets no more of the origin than any other.
      await turn;
      if (exchange.abandoned || exchange.message.socket.destroyed) return;
      const onInterim = this.#interimTo(exchange);
      const served = await serve({ ...request, onInterim }, this.#edge).catch((thrown: unknown) =>
        failureAnswer(thrown, "request", this.#edge),
      );
      if (this.#latencyMs > 0) await clock.wait(this.#latencyMs);
      if (exchange.abandoned) {
        if (served.content.kind === "stream") served.content.cancel();
        return;
      }
      counters.answered(served.outcome);
      if (this.#connections.windingDown) exchange.response.shouldKeepAlive = false;
      await respond(served, request.method, exchange.response, this.#edge);
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** RFC 9110 section 15.2: a proxy passes interim responses on, but not to a client of HTTP/1.0. */
  #interimTo(exchange: Exchange): NonNullable<EdgeRequest["onInterim"]> {
    const { message, response } = exchange;
    return (status, fields) => {
      if (message.httpVersion !== "1.1" || exchange.abandoned) return;
      if (response.headersSent || response.destroyed) return;
      response.writeInformation(status, [...fields].flat());
    };
  }

  /** What follows a refused request cannot be trusted to begin where it seems to: it is the connection's last. */
  #refuse(connection: Connection, status: number, detail: string, message?: IncomingMessage): void {
    // Its content is read, and dropped, while the client may still be sending it.
    message?.resume();
    connection.endWith(() => {
      const why = { fwd: "bypass", detail, proxyError: "http_request_error" } as const;
      const served = errorAnswer(status, why, this.#edge);
      const fields = status === 405 ? served.fields.plus("Allow", ALLOWED_METHODS) : served.fields;
      this.#edge.counters.answered(served.outcome);
      return answerBytes({ ...served, fields }, message?.method ?? "", this.#edge);
    });
  }

  /** Answers what node's parser could not read, or did not get in time. */
  #takeFault(error: Error, socket: Duplex): void {
    const connection = this.#connections.of(socket);
    const fault = parseFault(error);
    // Nobody asked anything: the connection was opened and not used, or it broke.
    if (connection === undefined || fault === undefined || !connection.used) socket.destroy();
    else this.#refuse(connection, fault.status, fault.detail);
  }

  #takeConnect(socket: Duplex): void {
    const connection = this.#connections.of(socket);
    if (connection === undefined) socket.destroy();
    else this.#refuse(connection, 405, "method-not-allowed");
  }
}
