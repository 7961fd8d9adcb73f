// The life of a request:
//   1. HttpServer finds it in the client's bytes, or refuses the bytes and closes. An Exchange stands for it.
//   2. redirect mode: the first edge of the fleet's choice is named in a 307. Proxy mode:
//   3. Forwarding asks the edges of the choice, one Attempt each, until one begins to answer; each Attempt takes
//      a ClientConnection from the edge's EdgePool and writes a request made anew from the parsed parts.
//   4. ResponseReader checks what the edge sends; the Attempt passes it on, as fast as the client takes it.
//   5. No edge answers, or a party takes too long: an error of our own, or a reset when an answer has begun.
import { randomUUID } from "node:crypto";
import { http2 } from "../http/h2/http2-connection.ts";
import type { RefusedRequest } from "../http/message/refusal.ts";
import { shownTarget } from "../http/message/shown-target.ts";
import { clientLimitWarning } from "../http/server/client-limits.ts";
import { HttpDate } from "../http/server/date-field.ts";
import { errorResponse, responseText, type WholeResponse } from "../http/server/error-response.ts";
import type { Exchange, ExchangeEnd } from "../http/server/exchange.ts";
import { HttpServer, type HttpServerOptions } from "../http/server/http-server.ts";
import type { Peer } from "../http/server/peer.ts";
import { PREAMBLE_REFUSED } from "../http/server/proxy-preamble.ts";
import type { ServerLoad } from "../http/server/server-load.ts";
import { TrustedProxies } from "../http/server/trusted-proxies.ts";
import type { TlsFront } from "../http/tls-front.ts";
import { describeError } from "../process/failure.ts";
import type { Finding } from "../process/finding.ts";
import type { PortSharing } from "../process/listen.ts";
import type { Log } from "../process/log.ts";
import { RetryBudget } from "./choose/retry-budget.ts";
import { routeRequest } from "./choose/route-request.ts";
import { CLIENT_LIMITS, type GivenLimits } from "./client-port-limits.ts";
import type { Fleet } from "./fleet/fleet.ts";
import type { EdgePools } from "./forward/edge-pools.ts";
import { type Forwarded, Forwarding, type ForwardingParts } from "./forward/forwarding.ts";
import { ClientLines, PSEUDONYM } from "./forward/request-head-out.ts";
import { REFUSALS, RouterFailure } from "./forward/router-failure.ts";
import type { RouterMetrics } from "./metrics.ts";
import { redirectResponse } from "./redirect-response.ts";
import { RequestNotes, type RequestNotesParts } from "./request-notes.ts";
import type { RequestOutcome } from "./request-outcome.ts";

// The pools keep connections for seconds.
const SWEEP_EVERY_MS = 500;

export interface ListenerParts
  extends Omit<RequestNotesParts, "proxies">,
    Pick<HttpServerOptions, "redirectToHttps" | "h2c" | "ownLines" | "counted" | "clock"> {
  readonly limits: GivenLimits;
  readonly mode: "proxy" | "redirect";
  /** The protocols, in lower case, for which edges may make tunnels. */
  readonly upgrades: readonly string[];
  /** How long both sides of a tunnel may be silent, in milliseconds. */
  readonly tunnelIdle: number;
  /** Whether a GET that takes longer than usual is also sent to a second edge. */
  readonly hedge: boolean;
  /** The request field, in lower case, that names the client's region. */
  readonly clientRegionField: string | undefined;
  /** Networks of the proxies that are believed about the addresses before them. */
  readonly trustedProxies: readonly string[];
  /** Networks of the load balancers whose connections begin with a PROXY header. */
  readonly proxyProtocol: readonly string[];
  readonly fleet: Fleet;
  readonly pools: EdgePools;
  readonly log: Log;
  readonly metrics: RouterMetrics;
}

/** The port for clients. */
export class Listener {
  readonly #parts: ListenerParts;
  readonly #date: HttpDate;
  readonly #forwarding: ForwardingParts;
  readonly #requests: RequestNotes;
  readonly #server: HttpServer;
  #tls: TlsFront | undefined;
  /** The bound TLS port. */
  tlsPort: number | undefined;
  readonly #stopped = new AbortController();

  constructor(parts: ListenerParts) {
    this.#parts = parts;
    const { clock, limits, log, counted } = parts;
    this.#date = new HttpDate(clock);
    const proxies = new TrustedProxies(parts.trustedProxies);
    this.#requests = new RequestNotes({ ...parts, proxies });
    this.#forwarding = this.#forwardingParts(proxies);
    this.#server = new HttpServer({
      name: "router HTTP port",
      clock,
      limits: { ...CLIENT_LIMITS, tunnelMs: parts.tunnelIdle, ...limits },
      counted,
      proxies,
      preambles: {
        networks: parts.proxyProtocol,
        refused: (reason, by) => {
          parts.metrics.preambleRefused(reason);
          log.warn({ sampled: "preamble", reason, by }, PREAMBLE_REFUSED);
        },
      },
      limited: (limit, client, forwards) => {
        parts.metrics.limited(limit);
        log.warn({ sampled: "client-limit", limit, client }, clientLimitWarning(forwards));
      },
      handshakeFailed: (fault) => parts.metrics.handshakeFailed(fault),
      take: (exchange) => this.#take(exchange),
      redirectToHttps: parts.redirectToHttps,
      upgrades: new Set(parts.mode === "proxy" ? parts.upgrades : []),
      http2: http2(),
      h2c: parts.h2c,
      ownLines: parts.ownLines,
      refuse: (...refused) => this.#refuse(...refused),
      fault: (thrown, exchange) => this.#fault(thrown, exchange),
      trouble: (err) => log.error({ err }, "router HTTP port failed"),
    });
  }

  /** Requests under way. */
  get load(): ServerLoad {
    return this.#server.load;
  }

  /** Resolves with the bound port. Throws a Failure. */
  async open(host: string, port: number, sharing?: PortSharing): Promise<number> {
    const bound = await this.#server.open(host, port, sharing);
    this.#sweepPools(this.#stopped.signal);
    return bound;
  }

  /** Whole days until the first certificate of the TLS port ends; Infinity without one. */
  get certificateEndsAt(): number {
    return this.#tls?.identity.endsAt ?? Number.POSITIVE_INFINITY;
  }

  /** What an operator should know of the certificates of the TLS port. */
  get certificateFindings(): readonly Finding[] {
    return this.#tls?.identity.findings ?? [];
  }

  /** Takes what has changed in the files of the certificates. */
  refreshCertificates(): void {
    this.#tls?.identity.refresh();
  }

  /** The same for the TLS port, if there is one. */
  async openTls(host: string, tls: TlsFront | undefined, sharing?: PortSharing): Promise<void> {
    this.#tls = tls;
    if (tls !== undefined) this.tlsPort = await this.#server.openTls(host, tls.port, tls, sharing);
  }

  windDown(): void {
    this.#server.windDown();
  }

  /** Takes no more connections, lets the requests under way end for up to `patienceMs`, then cuts them. */
  async close(patienceMs: number): Promise<void> {
    await this.#server.close(patienceMs);
    this.#requests.close();
    this.#stopped.abort();
  }

  /** Never rejects. */
  async #sweepPools(signal: AbortSignal): Promise<void> {
    const { clock, pools } = this.#parts;
    while (!signal.aborted) {
      await clock.wait(SWEEP_EVERY_MS, signal).catch(() => undefined);
      const now = clock.monotonic();
      pools.sweep(now);
    }
  }

  #take(exchange: Exchange): void {
    const note = this.#requests.began(exchange);
    exchange.onEnd = (end) => this.#ended(exchange, end, "failed");
    if (this.#parts.mode === "redirect") this.#redirect(exchange);
    else new Forwarding(exchange, this.#forwarding, note).begin();
  }

  /** `outcome`: when the whole answer has left. */
  #finish(exchange: Exchange, outcome: RequestOutcome): void {
    exchange.onEnd = (end) => this.#ended(exchange, end, outcome);
    exchange.finish();
  }

  #ended(exchange: Exchange, end: ExchangeEnd, whole: RequestOutcome): void {
    const { switched, arrivedAt } = exchange;
    const { metrics, clock } = this.#parts;
    const outcome = end === "answered" ? whole : end;
    if (switched) metrics.tunnelEnded();
    metrics.ended(outcome, switched ? undefined : clock.monotonic() - arrivedAt);
    this.#requests.ended(exchange, end, outcome);
  }

  #redirect(exchange: Exchange): void {
    const { fleet, clientRegionField } = this.#parts;
    const [edge] = fleet.choose(routeRequest(exchange.request, clientRegionField)).edges;
    if (edge?.health.kind !== "alive") {
      this.#fail(exchange, new RouterFailure("no-edge", "no edge is alive"));
      return;
    }
    const { report } = edge.health;
    // What an edge tells of itself is its plain port, by whatever port the client came here.
    const base = report.publicUrl ?? `http://${edge.dataAddress(report)}`;
    this.#send(exchange, redirectResponse(base, exchange.request.path), "redirected");
  }

  #forwarded(exchange: Exchange, forwarded: Forwarded): void {
    const { metrics, log } = this.#parts;
    switch (forwarded.kind) {
      case "relayed":
        metrics.forwarded(forwarded.edge);
        this.#finish(exchange, "relayed");
        break;
      case "cut": {
        const { edge, failure } = forwarded;
        const left = failure.code === "client-left";
        if (!left) log.warn({ sampled: `cut ${edge}`, edge, cause: describeError(failure) }, "response cut");
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
    const id = randomUUID();
    const { method, target } = exchange.request;
    if (failure.code === "internal") log.error({ errorId: id, err: failure.cause }, "fault");
    log.warn(
      {
        sampled: failure.code,
        errorId: id,
        code: failure.code,
        method,
        target: shownTarget(target),
        cause: describeError(failure),
      },
      "request failed",
    );
    const outcome = REFUSALS.has(failure.code) ? "refused" : "failed";
    this.#send(exchange, errorResponse(failure.answer, PSEUDONYM, id), outcome);
  }

  #send(exchange: Exchange, response: WholeResponse, outcome: RequestOutcome): void {
    const headOnly = exchange.request.method === "HEAD";
    exchange.begin(
      responseText(response, { date: this.#date.value, closes: exchange.decideClosing(), headOnly }),
    );
    this.#finish(exchange, outcome);
  }

  #refuse(refused: RefusedRequest, headOnly: boolean, peer: Peer): string {
    const { log, metrics } = this.#parts;
    const { status, detail, message } = refused;
    this.#requests.refused(refused, peer);
    const id = randomUUID();
    log.info({ sampled: detail, errorId: id, status, detail }, "request refused");
    metrics.ended("refused");
    // RFC 9209 section 2.3.16: the fault is in the request.
    const response = errorResponse({ status, error: "http_request_error", text: message }, PSEUDONYM, id);
    // Where the next request begins is not known.
    return responseText(response, { date: this.#date.value, closes: true, headOnly });
  }

  #fault(thrown: unknown, exchange: Exchange | undefined): string {
    const id = randomUUID();
    const { answer } = new RouterFailure("internal", "the router failed");
    this.#parts.log.error({ errorId: id, err: thrown }, "fault");
    const headOnly = exchange?.request.method === "HEAD";
    const response = errorResponse(answer, PSEUDONYM, id);
    return responseText(response, { date: this.#date.value, closes: true, headOnly });
  }

  #forwardingParts(proxies: TrustedProxies): ForwardingParts {
    const { fleet, pools, clock, log, metrics, hedge, clientRegionField } = this.#parts;
    return {
      fleet,
      pools,
      clock,
      date: this.#date,
      lines: new ClientLines(proxies, this.#requests.names, this.#requests.traces),
      budget: new RetryBudget(clock.monotonic()),
      hedge,
      regionField: clientRegionField,
      retried: (edge, failure) => {
        metrics.retried(edge, failure.code);
        log.debug({ edge, code: failure.code, cause: describeError(failure) }, "trying the next edge");
      },
      retryRefused: () => metrics.retryRefused(),
      hedged: (edge) => metrics.hedged(edge),
      tunnel: (outcome) => metrics.tunnel(outcome),
      over: (exchange, forwarded) => this.#forwarded(exchange, forwarded),
    };
  }
}
