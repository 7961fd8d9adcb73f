import type { CarrierPool } from "../../http/client/carrier.ts";
import { ClientConnection, type ConnectionFault } from "../../http/client/client-connection.ts";
import { ConnectionPool } from "../../http/client/connection-pool.ts";
import type { Server, ServerTls } from "../../http/client/server-socket.ts";
import { AgreedPool, offered } from "../../http/h2/client/agreed-pool.ts";
import { ORIGIN_FIELD_LIMITS } from "../../http/message/response-head.ts";
import { shownTarget } from "../../http/message/shown-target.ts";
import type { Clock } from "../../process/clock.ts";
import { type Deadline, Deadlines } from "../../process/deadlines.ts";
import type { GiveUpSignal } from "./give-up.ts";
import { CLIENT_HOST, type HostPolicy, hostFor, serverNameOf } from "./host-policy.ts";
import type { OriginConnections, OriginRequest, OriginResponse, ReplaceableOrigin } from "./origin.ts";
import type { OriginCertificates } from "./origin-certificates.ts";
import { OriginFailure, originErrorOf } from "./origin-error.ts";
import { type OriginProtocol, speaks, USUAL_ORIGIN_PROTOCOL } from "./origin-protocol.ts";
import { UpstreamExchange } from "./upstream-exchange.ts";
import { failureOf } from "./upstream-failure.ts";
import { type UpstreamRequest, type UpstreamTarget, upstreamRequest } from "./upstream-request.ts";

export interface UpstreamOptions {
  /** http: or https:; its path, if any, stands before every target. */
  readonly base: URL;
  /** The edge's id, for Via and CDN-Loop. */
  readonly via: string;
  readonly host?: HostPolicy;
  /** undefined: the CAs of the system, and no certificate of the edge. */
  readonly certificates?: OriginCertificates | undefined;
  readonly protocol?: OriginProtocol;
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

// How much longer than allowed an idle connection may stay open.
const SWEEP_MS = 1_000;

/**
 * An HTTP or HTTPS origin behind a pool of connections. It gives every response as it comes: redirects are not
 * followed, nothing is decompressed, statuses have no meaning here.
 */
export class UpstreamOrigin implements ReplaceableOrigin {
  readonly #options: Required<Omit<UpstreamOptions, "certificates">>;
  readonly #server: Server;
  readonly #pool: CarrierPool<UpstreamExchange>;
  /** Tunnels last, so they have connections of their own. */
  readonly #tunnels: ConnectionPool<UpstreamExchange>;
  readonly #pathPrefix: string;
  readonly #closing = new AbortController();
  readonly #deadlines: Deadlines;
  readonly #sweep: Deadline;
  #sweeps = false;

  constructor(options: UpstreamOptions) {
    this.#options = {
      connectTimeoutMs: 5_000,
      fieldsTimeoutMs: 30_000,
      bodyTimeoutMs: 30_000,
      connections: MOST_CONNECTIONS,
      host: CLIENT_HOST,
      protocol: USUAL_ORIGIN_PROTOCOL,
      ...options,
    };
    const { base, clock, connections, connectTimeoutMs, protocol } = this.#options;
    this.#deadlines = new Deadlines(clock, this.#closing.signal);
    this.#sweep = this.#deadlines.deadline(SWEEP_MS, () => this.#sweepIdle());
    this.#pathPrefix = base.pathname.replace(/\/$/, "");
    this.#server = serverOf(base, connectTimeoutMs, options.certificates);
    this.#pool = speaks(base, protocol)
      ? new AgreedPool(this.#server, connections, () => clock.monotonic())
      : new ConnectionPool(this.#server, connections);
    this.#tunnels = new ConnectionPool(this.#server);
  }

  async fetch(request: OriginRequest, signal: GiveUpSignal): Promise<OriginResponse> {
    signal.throwIfAborted();
    const { base, via, host, clock, fieldsTimeoutMs, bodyTimeoutMs } = this.#options;
    const path = `${this.#pathPrefix}${request.target}`;
    const what = `${request.method} ${base.origin}${shownTarget(path)}`;
    if (this.#closing.signal.aborted) throw closed(what);
    request.onAsked?.(base);
    const named = hostFor(host, request.authority ?? "");
    const exchange = new UpstreamExchange({
      request,
      sent: sendable(request, { path, via, host: named, baseHost: base.host }, what),
      what,
      clock,
      pool: request.upgrade === undefined ? this.#pool : this.#tunnels,
      deadlines: this.#deadlines,
      connectTimeoutMs: request.timeouts?.connectMs,
      fieldsTimeoutMs: request.timeouts?.firstByteMs ?? fieldsTimeoutMs,
      bodyTimeoutMs: request.timeouts?.betweenBytesMs ?? bodyTimeoutMs,
      signal,
    });
    exchange.begin();
    this.#sweepLater();
    return exchange.response;
  }

  /** Connects, over TLS too when the base is https:, and asks for nothing. */
  async probe(): Promise<void> {
    const connected = Promise.withResolvers<void>();
    const what = `Connecting to ${this.#options.base.origin}`;
    const nothing = (): void => undefined;
    const owner = { keep: nothing, forget: nothing };
    const { base, protocol } = this.#options;
    const server = speaks(base, protocol) ? offered(this.#server) : this.#server;
    const connection = new ClientConnection(server, owner, {
      connected: () => {
        connection.destroy();
        connected.resolve();
      },
      failed: (fault: ConnectionFault) => connected.reject(failureOf(fault, "nothing", what)),
      faulted: connected.reject,
      drained: nothing,
      readOver: nothing,
      interim: nothing,
      head: nothing,
      body: nothing,
      trailers: nothing,
      whole: nothing,
    });
    await connected.promise;
  }

  get connections(): OriginConnections {
    const [size, idle] = [this.#pool.size + this.#tunnels.size, this.#pool.idle + this.#tunnels.idle];
    return { active: size - idle, idle, waiting: this.#pool.waiting };
  }

  async retire(): Promise<void> {
    await Promise.all([this.#pool.close(), this.#tunnels.close()]);
  }

  /** Ends the requests that are still in flight. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const exchange of [...this.#pool.users, ...this.#tunnels.users])
      exchange.stop(closed(exchange.what));
    void this.retire();
  }

  #sweepLater(): void {
    if (this.#sweeps) return;
    this.#sweeps = true;
    this.#sweep.start();
  }

  #sweepIdle(): void {
    this.#sweeps = false;
    this.#pool.sweep(this.#options.clock.monotonic());
    if (this.#pool.size > 0) this.#sweepLater();
  }
}

/** Throws a Failure for a request that cannot be sent as it is. */
function sendable(request: OriginRequest, to: UpstreamTarget, what: string): UpstreamRequest {
  try {
    return upstreamRequest(request, to);
  } catch (thrown) {
    throw originErrorOf(thrown, "nothing", what);
  }
}

function serverOf(base: URL, connectMs: number, certificates: OriginCertificates | undefined): Server {
  const isTls = base.protocol === "https:";
  // An address in brackets is one only inside of a URL.
  const host = base.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = base.port === "" ? (isTls ? 443 : 80) : Number(base.port);
  const tls = isTls ? tlsOf(base, certificates) : undefined;
  return { host, port, connectMs, limits: ORIGIN_FIELD_LIMITS, tls };
}

function tlsOf(base: URL, certificates: OriginCertificates | undefined): ServerTls {
  const servername = certificates?.serverName ?? serverNameOf(base);
  const tls: ServerTls = { servername, session: undefined };
  if (certificates === undefined) return tls;
  let last = certificates.context();
  const context = () => {
    const latest = certificates.context();
    // A session stands for the certificates that it began with.
    if (latest !== last) secure.session = undefined;
    last = latest;
    return latest;
  };
  const secure: ServerTls = { ...tls, context };
  return secure;
}

function closed(what: string): OriginFailure {
  const code = "destination_unavailable";
  return new OriginFailure(code, "nothing", `${what} failed: ${code}: the origin is closed`);
}
