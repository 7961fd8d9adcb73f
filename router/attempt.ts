import type { IncomingMessage } from "node:http";
import type { Dispatcher } from "undici";
import { originForm } from "../http/refuse-request.ts";
import type { Clock } from "../process/clock.ts";
import { AttemptBody, hasBody } from "./attempt-body.ts";
import type { AliveHealth } from "./edge-health.ts";
import type { Exchange } from "./exchange.ts";
import type { FleetEdge } from "./fleet.ts";
import { interimFields, requestFields, responseFields } from "./forwarded-fields.ts";
import type { Patience } from "./patience.ts";
import { RouterFailure } from "./router-failure.ts";

export type AttemptOutcome =
  /** The whole answer has been handed to the client's connection. */
  | { readonly kind: "relayed" }
  /** The answer broke off after its first byte: the client's connection is closed. */
  | { readonly kind: "cut"; readonly failure: RouterFailure }
  /** The client has seen nothing of it. `sent`: the edge may have seen the request. */
  | { readonly kind: "failed"; readonly sent: boolean; readonly failure: RouterFailure };

// RFC 9110 section 9.2.1 (without TRACE, which is refused): asking twice asks for nothing more than asking once.
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

// RFC 9110 section 15.2 allows any number of interim responses. An edge passes on 16 at most, and a flood must end.
const MAX_INTERIM = 32;

/** Sends the request to one edge and relays the answer as it arrives. Never rejects. */
export function attempt(
  edge: FleetEdge,
  health: AliveHealth,
  exchange: Exchange,
  clock: Clock,
): Promise<AttemptOutcome> {
  return new Promise((resolve) => new Attempt(edge, health, exchange, clock, resolve).begin());
}

/** Whether the request may go to another edge after this outcome. */
export function mayTryAgain(exchange: Exchange, failed: { readonly sent: boolean }): boolean {
  return !failed.sent || isRepeatable(exchange.request);
}

/** A request that can be sent twice at any time: harmless, and with nothing to read a second time. */
function isRepeatable(request: IncomingMessage): boolean {
  return SAFE_METHODS.has(request.method ?? "") && !hasBody(request);
}

class Attempt implements Dispatcher.DispatchHandler {
  readonly #edge: FleetEdge;
  readonly #health: AliveHealth;
  readonly #exchange: Exchange;
  readonly #clock: Clock;
  readonly #resolve: (outcome: AttemptOutcome) => void;
  readonly #body: AttemptBody | undefined;
  #stage: "waiting" | "relaying" | "over" = "waiting";
  /** Known once the request is being written to a connection. */
  #controller: Dispatcher.DispatchController | undefined;
  #interim = 0;
  #stopWatchingEdge: (() => void) | undefined;

  constructor(
    edge: FleetEdge,
    health: AliveHealth,
    exchange: Exchange,
    clock: Clock,
    resolve: (outcome: AttemptOutcome) => void,
  ) {
    this.#edge = edge;
    this.#health = health;
    this.#exchange = exchange;
    this.#clock = clock;
    this.#resolve = resolve;
    this.#body = hasBody(exchange.request) ? new AttemptBody(exchange.request, this.#bodyWatch()) : undefined;
  }

  begin(): void {
    const { request, givenUp } = this.#exchange;
    if (givenUp.aborted) {
      this.#giveUp();
      return;
    }
    givenUp.addEventListener("abort", this.#giveUp);
    if (isRepeatable(request)) this.#stopWatchingEdge = this.#edge.monitor.onPing(this.#leaveDeadEdge);
    this.#waitFor("edge");
    this.#edge.pool(this.#health.report).dispatch(
      {
        method: request.method ?? "GET",
        path: originForm(request.url ?? "/"),
        headers: requestFields(request.rawHeaders, clientSide(request)),
        body: this.#body ?? null,
        // undici would close the connection after each HEAD, in fear of servers that answer it with content.
        reset: false,
      },
      this,
    );
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#stage === "over") controller.abort(new Error("given up before a connection was ready"));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (this.#stage !== "waiting") return;
    if (status < 200) {
      this.#passOn(controller, status);
      return;
    }
    const { request, response, arrivedAt } = this.#exchange;
    const fields = responseFields(rawText(controller.rawHeaders), {
      edge: this.#health.report.edge,
      firstByteMs: this.#clock.monotonic() - arrivedAt,
      rttMs: this.#health.roundTrip.smoothedMs,
    });
    // The rest of a body that the edge does not want would stand before the client's next request.
    if (hasBody(request) && !request.complete) response.shouldKeepAlive = false;
    try {
      response.writeHead(status, fields);
    } catch (thrown) {
      this.#fail("edge-rubbish", "its fields cannot be sent on", thrown);
      return;
    }
    this.#stage = "relaying";
    this.#stopWatchingEdge?.();
    this.#waitFor("nobody");
    response.on("drain", this.#goOn);
    // Content that came in the same packet goes out in one write with the fields; fields alone do not wait.
    queueMicrotask(() => this.#stage === "relaying" && response.flushHeaders());
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#stage !== "relaying" || this.#exchange.response.write(chunk)) return;
    controller.pause();
    this.#waitFor("reader");
  }

  onResponseEnd(): void {
    if (this.#stage !== "relaying") return;
    this.#waitFor("reader");
    this.#exchange.response.end();
    this.#settle({ kind: "relayed" });
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#controller === undefined) {
      const ours = "code" in error && error.code === "UND_ERR_INVALID_ARG";
      this.#fail(ours ? "internal" : "edge-unreachable", "no connection", error);
    } else if (isProtocolError(error)) this.#fail("edge-rubbish", "not HTTP", error);
    else this.#fail("edge-broke-off", "broke off", error);
  }

  /** RFC 9110 section 15.2: a proxy passes interim responses on, but not to a client of HTTP/1.0. */
  #passOn(controller: Dispatcher.DispatchController, status: number): void {
    this.#interim += 1;
    if (this.#interim > MAX_INTERIM) {
      this.#fail("edge-rubbish", "more interim responses than allowed");
      return;
    }
    const { request, response } = this.#exchange;
    if (request.httpVersion !== "1.1") return;
    try {
      response.writeInformation(status, interimFields(rawText(controller.rawHeaders)));
    } catch (thrown) {
      this.#fail("edge-rubbish", "the fields of an interim response cannot be sent on", thrown);
    }
  }

  /** The client left, or somebody's time is up. */
  readonly #giveUp = (): void => {
    const { reason } = this.#exchange.givenUp;
    const failure =
      reason instanceof RouterFailure ? reason : new RouterFailure("internal", "given up", reason);
    this.#failWith(failure);
  };

  readonly #leaveDeadEdge = (): void => {
    const { health } = this.#edge;
    if (health.kind === "dead") this.#fail("edge-unreachable", health.why);
  };

  readonly #goOn = (): void => {
    this.#waitFor("nobody");
    this.#controller?.resume();
  };

  #fail(
    code: "edge-unreachable" | "edge-broke-off" | "edge-rubbish" | "internal",
    what: string,
    cause?: unknown,
  ): void {
    const message = `${this.#health.report.edge} (${this.#edge.dataAddress(this.#health.report)}): ${what}`;
    this.#failWith(new RouterFailure(code, message, cause));
  }

  #failWith(failure: RouterFailure): void {
    if (this.#stage === "relaying") {
      this.#exchange.response.destroy();
      this.#settle({ kind: "cut", failure });
    } else if (this.#stage === "waiting") {
      this.#settle({ kind: "failed", sent: this.#sent(), failure });
    }
    this.#controller?.abort(failure);
    this.#body?.destroy();
  }

  /** undici writes the fields of a request with content together with its first bytes. */
  #sent(): boolean {
    return this.#controller !== undefined && (this.#body === undefined || this.#body.began);
  }

  #settle(outcome: AttemptOutcome): void {
    this.#stage = "over";
    this.#stopWatchingEdge?.();
    this.#exchange.givenUp.removeEventListener("abort", this.#giveUp);
    this.#exchange.response.off("drain", this.#goOn);
    this.#resolve(outcome);
  }

  #waitFor(party: Parameters<Patience["waitFor"]>[0]): void {
    this.#exchange.patience.waitFor(party, this.#clock.monotonic());
  }

  /** Once the answer has begun, only its own progress counts. */
  #bodyWatch(): ConstructorParameters<typeof AttemptBody>[1] {
    const { patience } = this.#exchange;
    const waitFor = (party: "edge" | "sender") => {
      if (this.#stage === "waiting") this.#waitFor(party);
    };
    return {
      waiting: () => waitFor("sender"),
      took: (bytes) => {
        waitFor("edge");
        patience.tookBody(bytes);
      },
      done: () => waitFor("edge"),
    };
  }
}

function clientSide(request: IncomingMessage): Parameters<typeof requestFields>[1] {
  return {
    address: request.socket.remoteAddress ?? "unknown",
    host: request.headers.host,
    httpVersion: request.httpVersion,
  };
}

/** Field lines are bytes; latin1 keeps each of them. */
function rawText(raw: Dispatcher.DispatchController["rawHeaders"]): string[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((part) => (typeof part === "string" ? part : part.toString("latin1")));
}

const PROTOCOL_ERRORS =
  /^(HPE_|UND_ERR_(HEADERS_OVERFLOW|RES_CONTENT_LENGTH_MISMATCH|RES_EXCEEDED_MAX_SIZE)$)/;

function isProtocolError(error: Error): boolean {
  return "code" in error && typeof error.code === "string" && PROTOCOL_ERRORS.test(error.code);
}
