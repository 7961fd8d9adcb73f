import type { AccessLogParts } from "../../http/access-log/access-log.ts";
import { http2 } from "../../http/h2/http2-connection.ts";
import type { Fields } from "../../http/message/fields.ts";
import { takesTrailers } from "../../http/message/trailers.ts";
import { clientLimitsOf, clientLimitWarning } from "../../http/server/client-limits.ts";
import { COUNTED_ALONE, type CountedTogether } from "../../http/server/client-tables.ts";
import { HttpDate } from "../../http/server/date-field.ts";
import type { Exchange } from "../../http/server/exchange.ts";
import { ExchangeStreams, type StreamsEnd } from "../../http/server/exchange-streams.ts";
import { HttpServer, type ServerLimits } from "../../http/server/http-server.ts";
import { PREAMBLE_REFUSED } from "../../http/server/proxy-preamble.ts";
import { TrustedProxies } from "../../http/server/trusted-proxies.ts";
import { versionLine } from "../../http/server/version-field.ts";
import type { TlsFront } from "../../http/tls-front.ts";
import { describeError } from "../../process/failure.ts";
import type { Finding } from "../../process/finding.ts";
import type { PortSharing } from "../../process/listen.ts";
import type { Served } from "../cache/answer.ts";
import type { CacheContext } from "../cache/context.ts";
import { failureAnswer } from "../cache/error-answer.ts";
import type { HitContext } from "../cache/hit.ts";
import { AFTER, OPERATOR_TOKEN } from "../cache/purge-view.ts";
import type { EdgeRequest } from "../cache/serve.ts";
import { GiveUp } from "../origin/give-up.ts";
import type { Sites } from "../origin/sites.ts";
import { Addressing } from "./addressing.ts";
import type { DataPort, PortLoad, ReloadedPort } from "./data-port.ts";
import { CLIENT_LIMITS } from "./data-port-limits.ts";
import { HitPath } from "./hit-path.ts";
import { LastAnswers } from "./last-answers.ts";
import type { ListenerConfig } from "./listener-config.ts";
import type { NotedRequest } from "./noted-request.ts";
import { lengthOf, MALFORMED_BODY, type Refusal, refusalAnswer, SLOW_BODY, UNKNOWN_HOST } from "./refusal.ts";
import { type RequestNotes, requestNotes } from "./request-notes.ts";
import { cancel, respond } from "./respond.ts";
import { interimHead } from "./response-head.ts";
import { type Excess, SlowClients } from "./slow-clients.ts";

/** The cache as the data port sees it. */
export interface ServingEdge extends HitContext, Pick<CacheContext, "tracer" | "seen"> {
  readonly serve: (request: EdgeRequest) => Promise<Served>;
}

/** The HTTP data port: the front door of an edge. It serves the sites and nothing else. */
export class Listener implements DataPort {
  readonly #edge: ServingEdge;
  readonly #addressing: Addressing;
  readonly #sites: Pick<Sites, "names">;
  #latencyMs: number;
  readonly #proxies: TrustedProxies;
  readonly #isToken: ListenerConfig["isToken"];
  readonly #date: HttpDate;
  readonly #lastAnswers: LastAnswers;
  readonly #notes: RequestNotes;
  readonly #server: HttpServer;
  #tls: TlsFront | undefined;
  #tlsPort: number | undefined;
  readonly #clients: SlowClients;

  constructor(
    edge: ServingEdge,
    sites: Sites,
    config: ListenerConfig,
    limits: Partial<ServerLimits> = {},
    counted: CountedTogether = COUNTED_ALONE,
    logTo?: AccessLogParts["take"],
  ) {
    this.#edge = edge;
    this.#latencyMs = config.simulateLatencyMs;
    this.#proxies = new TrustedProxies(config.trustedProxies);
    this.#addressing = new Addressing(sites, this.#proxies);
    this.#sites = sites;
    edge.counters.sites.name(sites.names);
    this.#isToken = config.isToken;
    this.#date = new HttpDate(edge.clock);
    this.#lastAnswers = new LastAnswers(edge, this.#date);
    this.#clients = new SlowClients(edge.store);
    this.#notes = requestNotes(edge, this.#addressing, config, logTo);
    const hits = new HitPath(edge, this.#addressing, this.#clients, this.#date, this.#notes);
    this.#server = new HttpServer({
      name: `${edge.id} HTTP data port`,
      clock: edge.clock,
      limits: { ...CLIENT_LIMITS, tunnelMs: config.tunnelIdle, ...clientLimitsOf(config), ...limits },
      counted,
      proxies: this.#proxies,
      ownLines: versionLine(edge.id, config),
      preambles: {
        networks: config.proxyProtocol,
        refused: (reason, by) => {
          edge.counters.addReason("preamblesRefused", reason);
          edge.log.warn({ sampled: "preamble", reason, by }, PREAMBLE_REFUSED);
        },
      },
      limited: (limit, client, forwards) => {
        edge.counters.addReason("clientsLimited", limit);
        edge.log.warn({ sampled: "client-limit", limit, client }, clientLimitWarning(forwards));
      },
      handshakeFailed: (fault) => edge.counters.addReason("handshakesFailed", fault),
      take: (exchange) => this.#take(exchange),
      ...(config.simulateLatencyMs > 0 ? {} : { atOnce: (peer) => hits.for(peer) }),
      redirectToHttps: config.redirectToHttps,
      // One that no site allows is answered with a sentence.
      upgrades: sites.upgrades,
      http2: http2(),
      h2c: config.h2c,
      refuse: (refused, headOnly, peer) => {
        const served = refusalAnswer(refused, edge);
        this.#notes.refused(served, headOnly ? 0 : lengthOf(served), peer);
        return this.#lastAnswers.text(undefined, served, headOnly);
      },
      fault: (thrown, exchange) => this.#lastAnswers.fault(thrown, exchange),
      trouble: (cause) =>
        edge.log.error({ cause: describeError(cause) }, "data port cannot accept a connection"),
    });
  }

  get load(): PortLoad {
    return { ...this.#server.load, loopDelayMs: 0 };
  }

  get heldBytes(): number {
    return this.#clients.heldBytes;
  }

  get certificateFindings(): readonly Finding[] {
    return this.#tls?.identity.findings ?? [];
  }

  reload({ simulateLatency }: Pick<ReloadedPort, "simulateLatency">): void {
    this.#latencyMs = simulateLatency;
    // Every request looks at the table of sites.
    this.#edge.counters.sites.name(this.#sites.names);
    this.#tls?.identity.refresh();
  }

  leaveBehind(excess: Excess): void {
    const cut = this.#clients.leaveBehind(excess, this.#edge.clock.monotonic());
    if (cut > 0) this.#edge.counters.add("clientsLeftBehind", cut);
  }

  async open(host: string, port: number, tls?: TlsFront, sharing: PortSharing = "alone"): Promise<number> {
    const bound = await this.#server.open(host, port, sharing);
    this.#tls = tls;
    if (tls !== undefined) this.#tlsPort = await this.#server.openTls(host, tls.port, tls, sharing);
    return bound;
  }

  get tlsPort(): number | undefined {
    return this.#tlsPort;
  }

  get certificateEndsAt(): number {
    return this.#tls?.identity.endsAt ?? Number.POSITIVE_INFINITY;
  }

  windDown(): void {
    this.#server.windDown();
  }

  async close(patienceMs: number): Promise<void> {
    await this.#server.close(patienceMs);
    this.#notes.close();
  }

  #take(exchange: Exchange): void {
    const { request, peer, tunnel: protocol } = exchange;
    const { section, version } = request.fields;
    const noted = this.#notes.began(exchange);
    const addressed = this.#addressing.of(section, request.host, peer);
    if (addressed === undefined) {
      this.#refuseExchange(exchange, undefined, UNKNOWN_HOST, noted);
      return;
    }
    const asked = {
      method: request.method,
      target: request.path,
      ...addressed,
      fields: section,
      client: this.#addressing.clientOf(section, peer),
      requestId: noted.names.id,
      trace: noted.names.trace,
      takesTrailers: takesTrailers(version, section),
      mayBeAhead: section.has(AFTER) && this.#mayBeAhead(section, addressed.addresses),
      tunnel: protocol === undefined ? undefined : { protocol, byConnect: version === "2" },
    };
    this.#answer(exchange, asked, noted).catch((thrown: unknown) => exchange.fault(thrown));
  }

  #mayBeAhead(fields: Fields, addresses: string): boolean {
    if (this.#proxies.trustsAll(addresses)) return true;
    const offered = fields.get(OPERATOR_TOKEN);
    return offered !== undefined && this.#isToken(offered);
  }

  async #answer(
    exchange: Exchange,
    asked: Omit<EdgeRequest, "body" | "onInterim">,
    noted: NotedRequest,
  ): Promise<void> {
    const { clock } = this.#edge;
    const { method, site, takesTrailers: trailers = false } = asked;
    let served: Served | undefined;
    const left = new GiveUp();
    const streams = new ExchangeStreams(exchange, clock, (why) => {
      left.abort();
      // The client may leave while the origin is silent.
      if (served !== undefined) cancel(served.content);
      this.#endEarly(exchange, site, why, noted);
    });
    const request: EdgeRequest = {
      ...asked,
      body: streams.body,
      onInterim: interimTo(exchange),
      left,
    };
    served = await this.#edge
      .serve(request)
      .catch((thrown: unknown) => failureAnswer(thrown, "request", this.#edge));
    if (this.#latencyMs > 0) await clock.wait(this.#latencyMs);
    if (streams.end !== undefined) {
      cancel(served.content);
      return;
    }
    const sending = { exchange, served };
    const place = this.#clients.add(sending);
    noted.before(() => place.leave());
    await respond(
      served,
      streams,
      {
        edge: this.#edge.id,
        idLine: noted?.names.line,
        site,
        method,
        date: this.#date.value,
        trailers,
        waitedMs: clock.monotonic() - exchange.arrivedAt,
        began: (answer) => noted.began(answer, clock.monotonic()),
      },
      this.#edge,
    );
  }

  #endEarly(exchange: Exchange, site: string, why: StreamsEnd, noted: NotedRequest): void {
    switch (why) {
      case "sender":
        this.#refuseExchange(exchange, site, SLOW_BODY, noted);
        break;
      case "body-malformed":
        this.#refuseExchange(exchange, site, MALFORMED_BODY, noted);
        break;
      case "reader":
      case "answer":
      case "answerer":
        exchange.cut();
        break;
      case "stopping":
      case "tunnel":
        endAnswer(exchange);
        break;
      case "client-left":
      case "fault":
        // The server sees to these.
        break;
    }
  }

  /** Ends a request that is broken behind its field section, and its connection. */
  #refuseExchange(exchange: Exchange, site: string | undefined, why: Refusal, noted: NotedRequest): void {
    if (exchange.begun) {
      exchange.cut();
      return;
    }
    exchange.closeAfter();
    const headOnly = exchange.request.method === "HEAD";
    const served = refusalAnswer(why, this.#edge);
    noted.began(served, this.#edge.clock.monotonic(), headOnly ? 0 : lengthOf(served));
    exchange.begin(this.#lastAnswers.text(site, served, headOnly, noted.names.line));
    exchange.finish();
  }
}

/** An answer that is not whole is broken off, so that the client learns it. A tunnel may end at any time. */
function endAnswer(exchange: Exchange): void {
  if (exchange.switched) exchange.finish();
  else exchange.cut();
}

/** RFC 9110 section 15.2: a proxy passes interim responses on. */
function interimTo(exchange: Exchange): NonNullable<EdgeRequest["onInterim"]> {
  return (status, fields) => {
    const head = interimHead(status, fields);
    if (head !== undefined) exchange.interim(head);
  };
}
