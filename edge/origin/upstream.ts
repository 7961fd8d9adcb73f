import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { buildConnector, type Dispatcher, Pool } from "undici";
import type { Fields } from "../../http/message/fields.ts";
import { endToEnd } from "../../http/message/hop-by-hop.ts";
import { ORIGIN_FIELD_LIMITS } from "../../http/message/response-head.ts";
import { shownTarget } from "../../http/message/shown-target.ts";
import type { Clock } from "../../process/clock.ts";
import { Deadlines } from "../../process/deadlines.ts";
import { CLIENT_HOST, type HostPolicy, hostFor, serverNameOf } from "./host-policy.ts";
import { isRepeatable, type Origin, type OriginRequest, type OriginResponse } from "./origin.ts";
import { originErrorOf } from "./origin-error.ts";
import { skipContinue } from "./skip-continue.ts";
import { UpstreamExchange } from "./upstream-exchange.ts";

export interface UpstreamOptions {
  /** http: or https:; its path, if any, stands before every target. */
  readonly base: URL;
  /** The edge's id, for Via and CDN-Loop. */
  readonly via: string;
  readonly host?: HostPolicy;
  readonly clock: Clock;
  readonly connectTimeoutMs?: number;
  /** From the request until the fields of its response; the time in the queue for a connection counts. */
  readonly fieldsTimeoutMs?: number;
  /** Between two pieces of a body that its reader waits for. */
  readonly bodyTimeoutMs?: number;
  /** At most so many at a time; further requests wait for one. */
  readonly connections?: number;
}

// Event streams, long polls and slow downloads each hold one for as long as they last; they must not use them up.
const MOST_CONNECTIONS = 1_024;

interface Lost {
  /** Something, ever: a request before this one was answered on it. */
  readonly ever: boolean;
  /** Something since the last request; a 100 that is left out counts too. */
  readonly sinceRequest: boolean;
}

/**
 * An HTTP or HTTPS origin behind a pool of connections. It gives every response as it comes: redirects are not
 * followed, nothing is decompressed, statuses have no meaning here.
 */
export class UpstreamOrigin implements Origin {
  readonly #options: Required<UpstreamOptions>;
  readonly #connect: buildConnector.connector;
  readonly #pool: Pool;
  readonly #pathPrefix: string;
  readonly #closing = new AbortController();
  readonly #deadlines: Deadlines;
  /** How much a connection had received when the error broke it. */
  readonly #lost = new WeakMap<Error, Lost>();

  constructor(options: UpstreamOptions) {
    this.#options = {
      connectTimeoutMs: 5_000,
      fieldsTimeoutMs: 30_000,
      bodyTimeoutMs: 30_000,
      connections: MOST_CONNECTIONS,
      host: CLIENT_HOST,
      ...options,
    };
    const { base, clock, connections, connectTimeoutMs } = this.#options;
    this.#deadlines = new Deadlines(clock, this.#closing.signal);
    this.#pathPrefix = base.pathname.replace(/\/$/, "");
    // HTTP/1.1 only: this file distinguishes failures and retries by the behaviour of HTTP/1.1 connections.
    this.#connect = buildConnector({ timeout: connectTimeoutMs, allowH2: false });
    this.#pool = new Pool(base.origin, {
      connections,
      pipelining: 1,
      allowH2: false,
      maxHeaderSize: ORIGIN_FIELD_LIMITS.bytes,
      // Time is measured by our own clock, see UpstreamExchange.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (target, callback) => this.#connectPrepared(target, callback),
    });
  }

  async fetch(request: OriginRequest, signal: AbortSignal): Promise<OriginResponse> {
    signal.throwIfAborted();
    const first = this.#dispatch(request, signal);
    try {
      return await first.response;
    } catch (error) {
      if (signal.aborted || !this.#mayRepeat(request, first)) throw error;
      return await this.#dispatch(request, signal).response;
    }
  }

  /** Connects, over TLS too when the base is https:, and asks for nothing. */
  async probe(): Promise<void> {
    const { protocol, hostname, port, host, origin } = this.#options.base;
    const connected = Promise.withResolvers<void>();
    // An address in brackets is one only inside of a URL.
    const address = hostname.replace(/^\[(.*)\]$/, "$1");
    this.#connect({ protocol, hostname: address, port, host }, (error, socket) => {
      if (error !== null) return connected.reject(originErrorOf(error, "nothing", `Connecting to ${origin}`));
      socket?.destroy();
      connected.resolve();
    });
    await connected.promise;
  }

  /** Ends the requests that are still in flight. */
  async close(): Promise<void> {
    await this.#pool.destroy();
    this.#closing.abort();
  }

  #dispatch(request: OriginRequest, signal: AbortSignal): UpstreamExchange {
    const { method } = request;
    const { fieldsTimeoutMs, bodyTimeoutMs } = this.#options;
    const path = `${this.#pathPrefix}${request.target}`;
    const exchange = new UpstreamExchange({
      method,
      what: `${method} ${this.#options.base.origin}${shownTarget(path)}`,
      deadlines: this.#deadlines,
      fieldsTimeoutMs,
      bodyTimeoutMs,
      signal,
      onInterim: request.onInterim,
      hadBegun: (error) => this.#lost.get(error)?.sinceRequest === true,
    });
    const body = request.body === undefined ? null : Readable.from(request.body);
    // Only to keep connections for every Host, see #connectPrepared.
    const servername = this.#options.base.hostname;
    const headers = this.#requestLines(request);
    this.#pool.dispatch({ path, method, headers, body, servername } as Dispatcher.DispatchOptions, exchange);
    return exchange;
  }

  #requestLines({ authority = "", fields, body }: OriginRequest): string[] {
    const { via } = this.#options;
    // undici frames the body itself and knows no Expect.
    const passed = endToEnd(fields).without(
      body === undefined ? ["host", "expect", "content-length"] : ["host", "expect"],
    );
    // RFC 9110 section 7.6.3 and RFC 8586 section 2.
    const marked = appended(appended(passed, "Via", `1.1 ${via}`), "CDN-Loop", via);
    // Without one, undici writes that of the base.
    const host = hostFor(this.#options.host, authority);
    return host === undefined
      ? [...marked].flat()
      : ["Host", host, ...marked.with("X-Forwarded-Host", host)].flat();
  }

  /** An idempotent request that met a kept connection just as the origin closed it is asked once more. */
  #mayRepeat(request: OriginRequest, exchange: UpstreamExchange): boolean {
    const lost = exchange.lostBeforeResponse;
    const reused = lost !== undefined && this.#lost.get(lost)?.ever === true;
    return reused && isRepeatable(request);
  }

  #connectPrepared(target: buildConnector.Options, callback: buildConnector.Callback): void {
    // By default undici takes the name for TLS from Host, which here is the client's.
    this.#connect({ ...target, servername: serverNameOf(this.#options.base) }, (...result) => {
      const [, socket] = result;
      if (socket) this.#prepare(socket);
      callback(...result);
    });
  }

  #prepare(socket: Socket): void {
    const responseBegun = skipContinue(socket);
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#lost.set(error, { ever: socket.bytesRead > 0, sinceRequest: responseBegun() });
      // undici takes a reset for the proper end of a body without a length (`lib/dispatcher/client-h1.js` of 8.13.1,
      // onHttpSocketError; nodejs/undici#784). It is not one (RFC 9112 section 8).
      if (error.code === "ECONNRESET") error.code = "ECONNABORTED";
    });
  }
}

/** With one more member at the end of a list field. */
function appended(fields: Fields, name: string, member: string): Fields {
  const members = fields.get(name);
  return fields.with(name, members === undefined ? member : `${members}, ${member}`);
}
