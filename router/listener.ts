// The life of a request:
//   1. ClientConnection finds it in the client's bytes, or refuses the bytes and closes.
//   2. An Exchange stands for it until the last byte of its answer has left.
//   3. redirect mode: the first edge of the fleet's choice is named in a 307. Proxy mode:
//   4. Forwarding asks the edges of the choice, one Attempt each, until one begins to answer; each Attempt takes
//      an EdgeConnection from the edge's EdgePool and writes a request made anew from the parsed parts.
//   5. AnswerReader checks what the edge sends; the Attempt passes it on, as fast as the client takes it.
//   6. No edge answers, or somebody takes too long: an error of our own, or a reset when an answer has begun.
//   7. The next request of the client is looked at when the answer has left.
import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:net";
import { HttpDate } from "../http/server/date-field.ts";
import { TrustedProxies } from "../http/server/trusted-proxies.ts";
import { WriteBuffer } from "../http/server/write-buffer.ts";
import type { Clock } from "../process/clock.ts";
import { describeError } from "../process/failure.ts";
import { listen } from "../process/listen.ts";
import type { Log } from "../process/log.ts";
import { RetryBudget } from "./choose/retry-budget.ts";
import { routeRequest } from "./choose/route-request.ts";
import { ClientConnection, type ClientParts, type RefusedBytes } from "./client/client-connection.ts";
import type { Connections } from "./client/connections.ts";
import { answerText, errorAnswer, redirectAnswer, refusal, type WholeAnswer } from "./client/error-answer.ts";
import type { Exchange, RequestOutcome } from "./client/exchange.ts";
import type { Fleet } from "./fleet/fleet.ts";
import { type Forwarded, Forwarding, type ForwardingParts } from "./forward/forwarding.ts";
import type { RouterMetrics } from "./metrics.ts";
import { REFUSALS, RouterFailure } from "./router-failure.ts";

// The finest of the time limits is 1 s.
const CHECK_EVERY_MS = 500;

export interface ListenerParts {
  /** Time for a client to send its field section; its body has a rule of its own, so that it may take long. */
  readonly fieldsMs: number;
  readonly mode: "proxy" | "redirect";
  /** Whether a GET that takes longer than usual is also sent to a second edge. */
  readonly hedge: boolean;
  /** The request field, in lower case, that names the client's region. */
  readonly clientRegionField: string | undefined;
  /** Networks of the proxies that are believed about the addresses before them. */
  readonly trustedProxies: readonly string[];
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: RouterMetrics;
  readonly connections: Connections;
}

/** The port for clients. */
export class Listener {
  readonly #parts: ListenerParts;
  readonly #date: HttpDate;
  readonly #forwarding: ForwardingParts;
  readonly #server: Server;
  readonly #stopped = new AbortController();

  constructor(parts: ListenerParts) {
    this.#parts = parts;
    const { clock, connections, metrics } = parts;
    this.#date = new HttpDate(clock);
    this.#forwarding = this.#forwardingParts();
    const clientParts: ClientParts = {
      clock,
      fieldsMs: parts.fieldsMs,
      outgoing: new WriteBuffer(),
      proxies: new TrustedProxies(parts.trustedProxies),
      take: (exchange) => this.#take(exchange),
      ended: (outcome) => {
        connections.end();
        metrics.ended(outcome);
      },
      refuse: (refused) => this.#refuse(refused),
      closed: (connection) => connections.delete(connection),
    };
    // A small mark makes a socket tell when all that was written has left.
    this.#server = createServer({ noDelay: true, highWaterMark: 1 }, (socket) => {
      connections.add(new ClientConnection(socket, clientParts));
    });
  }

  /** Resolves with the bound port. Throws a Failure. */
  async open(host: string, port: number): Promise<number> {
    const bound = await listen(this.#server, host, port, "router HTTP port");
    // Such as no descriptor left for one more connection; the others go on.
    this.#server.on("error", (err) => this.#parts.log.error({ err }, "router HTTP port in trouble"));
    this.#checkTimes(this.#stopped.signal).catch((thrown: unknown) => {
      if (!this.#stopped.signal.aborted) throw thrown;
    });
    return bound;
  }

  /** Takes no more connections, lets what is under way end for up to `patienceMs`, then cuts it. */
  async close(patienceMs: number): Promise<void> {
    const { clock, connections } = this.#parts;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    connections.stop();
    const enough = new AbortController();
    const cut = clock.wait(patienceMs, enough.signal).then(
      () => {
        for (const exchange of connections.exchanges())
          exchange.giveUp(new RouterFailure("stopping", "stopped"));
        connections.destroyAll();
      },
      () => undefined,
    );
    await closed;
    enough.abort();
    this.#stopped.abort();
    await cut;
  }

  async #checkTimes(signal: AbortSignal): Promise<void> {
    const { clock, connections, fleet } = this.#parts;
    for (;;) {
      await clock.wait(CHECK_EVERY_MS, signal);
      const now = clock.monotonic();
      connections.checkTimes(now);
      for (const { pool } of fleet.edges) pool?.sweep(now);
    }
  }

  #take(exchange: Exchange): void {
    this.#parts.connections.begin();
    if (this.#parts.mode === "redirect") this.#redirect(exchange);
    else new Forwarding(exchange, this.#forwarding).begin();
  }

  #redirect(exchange: Exchange): void {
    const { fleet, clientRegionField } = this.#parts;
    const [edge] = fleet.choose(routeRequest(exchange.request, clientRegionField)).edges;
    if (edge?.health.kind !== "alive") {
      this.#fail(exchange, new RouterFailure("no-edge", "no edge is alive"));
      return;
    }
    const { report } = edge.health;
    const base = report.publicUrl ?? `http://${edge.dataAddress(report)}`;
    this.#send(exchange, redirectAnswer(base, exchange.request.path), "redirected");
  }

  #forwarded(exchange: Exchange, forwarded: Forwarded): void {
    const { metrics, log } = this.#parts;
    switch (forwarded.kind) {
      case "relayed":
        metrics.forwarded(forwarded.edge);
        exchange.finish("relayed");
        break;
      case "cut": {
        const { edge, failure } = forwarded;
        const left = failure.code === "client-left";
        if (!left) log.warn({ edge, cause: describeError(failure) }, "answer cut");
        exchange.cut(left ? "client-left" : "cut");
        break;
      }
      case "unanswered":
        this.#fail(exchange, forwarded.failure);
    }
  }

  #fail(exchange: Exchange, failure: RouterFailure): void {
    const { log, metrics } = this.#parts;
    if (failure.code === "client-left") {
      exchange.cut("client-left");
      return;
    }
    if (failure.code === "no-edge") metrics.noEdge();
    const errorId = randomUUID();
    const { method, target } = exchange.request;
    if (failure.code === "internal") log.error({ errorId, err: failure.cause }, "fault");
    log.warn(
      { errorId, code: failure.code, method, target, cause: describeError(failure) },
      "request failed",
    );
    const outcome = REFUSALS.has(failure.code) ? "refused" : "failed";
    this.#send(exchange, errorAnswer(failure.answer, errorId), outcome);
  }

  #send(exchange: Exchange, answer: WholeAnswer, outcome: RequestOutcome): void {
    const headOnly = exchange.request.method === "HEAD";
    exchange.begin(
      answerText(answer, { date: this.#date.value, closes: exchange.decideClosing(), headOnly }),
    );
    exchange.finish(outcome);
  }

  /** What follows bytes that were no request may not begin where it seems to: the connection closes. */
  #refuse({ status, detail, message }: RefusedBytes): string {
    const { log, metrics } = this.#parts;
    const errorId = randomUUID();
    log.info({ errorId, status, detail }, "request refused");
    metrics.ended("refused");
    const answer = errorAnswer(refusal(status, message), errorId);
    return answerText(answer, { date: this.#date.value, closes: true, headOnly: false });
  }

  #forwardingParts(): ForwardingParts {
    const { fleet, clock, log, metrics, hedge, clientRegionField } = this.#parts;
    return {
      fleet,
      clock,
      date: this.#date,
      budget: new RetryBudget(clock.monotonic()),
      hedge,
      regionField: clientRegionField,
      retried: (edge, failure) => {
        metrics.retried(edge, failure.code);
        log.debug({ edge, code: failure.code, cause: describeError(failure) }, "trying the next edge");
      },
      retryRefused: () => metrics.retryRefused(),
      hedged: (edge) => metrics.hedged(edge),
      over: (exchange, forwarded) => this.#forwarded(exchange, forwarded),
    };
  }
}
