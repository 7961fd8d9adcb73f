import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { originForm, refuseRequest } from "../http/refuse-request.ts";
import type { Clock } from "../process/clock.ts";
import { describeError } from "../process/failure.ts";
import { listen } from "../process/listen.ts";
import type { Log } from "../process/log.ts";
import { hasBody } from "./attempt-body.ts";
import type { Connections } from "./connections.ts";
import {
  type ErrorAnswer,
  errorAnswer,
  rawAnswer,
  redirectAnswer,
  type WholeAnswer,
} from "./error-answer.ts";
import { Exchange } from "./exchange.ts";
import type { Fleet } from "./fleet.ts";
import { forward } from "./forward.ts";
import type { RequestOutcome, RouterMetrics } from "./metrics.ts";
import { type ParserError, parseFault, refusal } from "./parse-fault.ts";
import { pickEdges } from "./pick-edge.ts";
import { RouterFailure } from "./router-failure.ts";

// Longer than clients and proxies keep idle connections, so that they close first.
const KEEP_ALIVE_MS = 65_000;
// Requests with more than 8 KiB of fields are refused by name; this only bounds what is read before that.
const MOST_HEAD_BYTES = 32 * 1024;
// The finest of the time limits is 10 s.
const CHECK_EVERY_MS = 500;
// Time for a refused client to read why before its connection is torn down.
const LINGER_MS = 1000;

export interface ListenerParts {
  /** Time for a client to send its field section; its body has a rule of its own, so that it may take long. */
  readonly fieldsMs: number;
  readonly mode: "proxy" | "redirect";
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: RouterMetrics;
  readonly connections: Connections;
}

/** The port for clients: refuses what is no proper request, forwards the rest, and answers when no edge does. */
export class Listener {
  readonly #parts: ListenerParts;
  readonly #server: Server;
  readonly #stopped = new AbortController();
  #stopping = false;

  constructor(parts: ListenerParts) {
    this.#parts = parts;
    const options = {
      headersTimeout: parts.fieldsMs,
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: Math.min(1000, parts.fieldsMs),
      maxHeaderSize: MOST_HEAD_BYTES,
      // The same rules as for every other request answer these, so that the answer says why.
      requireHostHeader: false,
    };
    const take = (request: IncomingMessage, response: ServerResponse) => void this.#take(request, response);
    this.#server = createServer(options, take);
    // node would drop the fields past its limit without a word; they are counted by the rules instead.
    this.#server.maxHeadersCount = 0;
    this.#server.on("connection", (socket: Socket) => parts.connections.add(socket));
    this.#server.on("checkExpectation", take);
    this.#server.on("clientError", (error: ParserError, socket: Socket) => {
      const fault = parseFault(error);
      if (fault === undefined) socket.destroy();
      else this.#refuseConnection(socket, fault);
    });
    this.#server.on("connect", (_request, socket: Socket) => {
      this.#refuseConnection(socket, refusal(405, "this method is not offered here"));
    });
  }

  /** Resolves with the bound port. Throws a Failure. */
  async open(host: string, port: number): Promise<number> {
    const bound = await listen(this.#server, host, port, "router HTTP port");
    this.#checkTimes(this.#stopped.signal).catch((thrown: unknown) => {
      if (!this.#stopped.signal.aborted) throw thrown;
    });
    return bound;
  }

  /** Takes no more connections, lets what is under way end for up to `patienceMs`, then cuts it. */
  async close(patienceMs: number): Promise<void> {
    const { clock, connections } = this.#parts;
    this.#stopping = true;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    connections.closeIdle();
    const enough = new AbortController();
    const cut = clock.wait(patienceMs, enough.signal).then(
      () => {
        for (const exchange of connections.all()) exchange.giveUp(new RouterFailure("stopping", "stopped"));
        this.#server.closeAllConnections();
      },
      () => undefined,
    );
    await closed;
    enough.abort();
    this.#stopped.abort();
    await cut;
  }

  async #checkTimes(signal: AbortSignal): Promise<void> {
    const { clock, connections } = this.#parts;
    for (;;) {
      await clock.wait(CHECK_EVERY_MS, signal);
      const now = clock.monotonic();
      for (const exchange of connections.all()) exchange.checkTime(now);
    }
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, connections, metrics, log } = this.#parts;
    const exchange = new Exchange(request, response, clock.monotonic());
    connections.begin(exchange);
    response.on("error", (error) => log.debug({ cause: describeError(error) }, "response stream failed"));
    if (this.#stopping) response.shouldKeepAlive = false;
    const outcome = await this.#answer(exchange).catch((thrown: unknown) =>
      this.#fail(exchange, new RouterFailure("internal", "answering failed", thrown)),
    );
    await exchange.closed;
    connections.end(exchange);
    metrics.ended(outcome === "relayed" && !response.writableFinished ? "client-left" : outcome);
    if (this.#stopping) connections.closeIdle();
  }

  /** One request, top to bottom. */
  async #answer(exchange: Exchange): Promise<RequestOutcome> {
    const { method = "", url = "", httpVersion, rawHeaders } = exchange.request;
    const refused = refuseRequest({ method, target: url, httpVersion, rawFields: rawHeaders });
    if (refused !== undefined) {
      return this.#refuse(exchange, refusal(refused.status, refused.message), refused.detail);
    }
    if (this.#parts.mode === "redirect") return this.#redirect(exchange);
    return this.#forward(exchange);
  }

  async #forward(exchange: Exchange): Promise<RequestOutcome> {
    const { fleet, clock, metrics, log } = this.#parts;
    const forwarded = await forward(exchange, {
      fleet,
      clock,
      retried: (edge, failure) => {
        metrics.retried(edge, failure.code);
        log.debug({ edge, code: failure.code, cause: describeError(failure) }, "trying the next edge");
      },
    });
    switch (forwarded.kind) {
      case "relayed":
        metrics.forwarded(forwarded.edge);
        return "relayed";
      case "cut":
        if (forwarded.failure.code === "client-left") return "client-left";
        log.warn({ edge: forwarded.edge, cause: describeError(forwarded.failure) }, "answer cut");
        return "cut";
      case "unanswered":
        return this.#fail(exchange, forwarded.failure);
    }
  }

  #redirect(exchange: Exchange): RequestOutcome {
    const [edge] = pickEdges(this.#parts.fleet.edges);
    if (edge?.health.kind !== "alive") {
      return this.#fail(exchange, new RouterFailure("no-edge", "no edge is alive"));
    }
    const { report } = edge.health;
    const base = report.publicUrl ?? `http://${edge.dataAddress(report)}`;
    this.#send(exchange, redirectAnswer(base, originForm(exchange.request.url ?? "/")));
    return "redirected";
  }

  #fail(exchange: Exchange, failure: RouterFailure): RequestOutcome {
    const { log, metrics } = this.#parts;
    if (failure.code === "client-left") return "client-left";
    if (failure.code === "no-edge") metrics.noEdge();
    const errorId = randomUUID();
    const { method, url } = exchange.request;
    log.warn({ errorId, code: failure.code, method, url, cause: describeError(failure) }, "request failed");
    this.#send(exchange, errorAnswer(failure.answer, errorId));
    return "failed";
  }

  /** What follows a refused request may not begin where it seems to: the connection closes. */
  #refuse(exchange: Exchange, answer: ErrorAnswer, detail: string): RequestOutcome {
    const errorId = randomUUID();
    this.#parts.log.info({ errorId, status: answer.status, detail }, "request refused");
    exchange.response.shouldKeepAlive = false;
    this.#send(exchange, errorAnswer(answer, errorId));
    return "refused";
  }

  #send(exchange: Exchange, { status, fields, body }: WholeAnswer): void {
    const { request, response, patience } = exchange;
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (hasBody(request) && !request.complete) {
      // What has arrived of an unwanted body is read, or closing would discard the answer with it.
      response.shouldKeepAlive = false;
      request.resume();
    }
    patience.waitFor("reader", this.#parts.clock.monotonic());
    response.writeHead(status, [...fields]).end(body);
  }

  /** Answers bytes that were no request, unless part of another answer is already on that connection. */
  #refuseConnection(socket: Socket, answer: ErrorAnswer): void {
    const { connections, log, metrics, clock } = this.#parts;
    const errorId = randomUUID();
    log.info({ errorId, status: answer.status, detail: answer.text }, "bytes refused");
    metrics.ended("refused");
    if (!socket.writable || connections.on(socket).some(({ response }) => response.headersSent)) {
      socket.destroy();
      return;
    }
    for (const exchange of connections.on(socket)) {
      exchange.giveUp(new RouterFailure("client-left", "the rest of the request is malformed"));
    }
    socket.end(rawAnswer(errorAnswer(answer, errorId), new Date(clock.wall())));
    socket.resume();
    socket.setTimeout(LINGER_MS, () => socket.destroy());
  }
}
