import { isIPv6 } from "node:net";
import { LONGEST_ID, REQUEST_ID } from "../../http/access-log/request-id.ts";
import type { Fields } from "../../http/message/fields.ts";
import { withoutForgeable } from "../../http/message/forgeable-fields.ts";
import { endToEnd } from "../../http/message/hop-by-hop.ts";
import { REQUEST_FIELD_LIMITS } from "../../http/message/request-fields.ts";
import type { RequestHead } from "../../http/message/request-head.ts";
import { takesTrailers } from "../../http/message/trailers.ts";
import { upgradeLines } from "../../http/message/upgrade.ts";
import type { Exchange } from "../../http/server/exchange.ts";
import type { Peer } from "../../http/server/peer.ts";
import type { TrustedProxies } from "../../http/server/trusted-proxies.ts";
import { KEY, newKey } from "../../http/server/web-socket.ts";
import {
  parseTraceparent,
  TRACEPARENT,
  TRACESTATE,
  type TraceContext,
  traceparentOf,
} from "../../process/tracing/trace-context.ts";

/** RFC 9110 section 7.6.3: the router's name in Via and Proxy-Status. */
export const PSEUDONYM = "edgecache-router";

// The router writes Host and the framing itself, and has already answered Expect with 100 (Continue).
const REPLACED = ["host", "content-length", "expect"];

// RFC 1035 section 2.3.4, and a port: room for the address of an edge, which replaces a missing Host.
const LONGEST_ADDRESS = 260;

// As long as each.
const SOME_TRACE: TraceContext = { traceId: "0".repeat(32), spanId: "0".repeat(16), sampled: false };

/** The field lines of a request, and whether they are within the limits of an edge. */
export interface LinesOut {
  readonly lines: string;
  readonly fits: boolean;
}

interface Remembered extends LinesOut {
  readonly fields: RequestHead["fields"];
  readonly host: string | undefined;
}

/** The field lines for edges, made from the requests on one connection of a client. */
export class RequestLines {
  readonly #peer: Peer;
  readonly #proxies: TrustedProxies;
  readonly #names: boolean;
  readonly #traces: boolean;
  #last: Remembered | undefined;

  /**
   * `names`: the router gives each request an identifier, which is not among these lines. `traces`: it puts each into a
   * trace.
   */
  constructor(peer: Peer, proxies: TrustedProxies, names = false, traces = false) {
    this.#traces = traces;
    this.#peer = peer;
    this.#proxies = proxies;
    this.#names = names;
  }

  /**
   * All end-to-end fields but REPLACED, in the client's order and case, then the router's own fields. The lines are
   * cached, because clients repeat their fields.
   */
  of({ fields, host }: RequestHead): LinesOut {
    if (this.#last === undefined || this.#last.fields !== fields || this.#last.host !== host) {
      this.#last = { fields, host, ...this.#build(fields, host) };
    }
    return this.#last;
  }

  #build(fields: RequestHead["fields"], host: string | undefined): LinesOut {
    const { section: asked, version } = fields;
    const { address: peer, scheme } = this.#peer;
    const kept = withoutForgeable(endToEnd(asked)).without([
      ...REPLACED,
      ...(version === "2" ? [KEY] : []),
      ...(this.#names ? [REQUEST_ID] : []),
      ...(this.#traces ? [TRACEPARENT] : []),
      // W3C Trace Context section 3.3: it is of the trace that the client was in.
      ...(this.#traces && !this.#continues(asked) ? [TRACESTATE] : []),
    ]);
    let lines = "";
    for (const [name, value] of kept) lines += `${name}: ${value}\r\n`;
    // RFC 9110 section 10.1.4.
    if (takesTrailers(version, asked)) lines += "Connection: TE\r\nTE: trailers\r\n";
    const chain = this.#proxies.chain(peer, asked.get("X-Forwarded-For"));
    const proto = this.#proxies.scheme(peer, asked.get("X-Forwarded-Proto"), scheme);
    const named = this.#proxies.host(peer, asked.get("X-Forwarded-Host"), host);
    const nodes = chain.split(",").map((address) => `for=${nodeOf(address.trim())}`);
    const forwardedHost = named === undefined ? "" : `;host="${named}"`;
    lines += `Forwarded: ${nodes.join(", ")}${forwardedHost};proto=${proto}\r\n`;
    lines += `X-Forwarded-For: ${chain}\r\nX-Forwarded-Proto: ${proto}\r\n`;
    if (named !== undefined) lines += `X-Forwarded-Host: ${named}\r\n`;
    lines += `Via: ${version} ${PSEUDONYM}\r\n`;
    return {
      lines,
      fits: fits(
        `${hostLine(host ?? "x".repeat(LONGEST_ADDRESS))}${framingLine(fields)}${changeLines(fields)}${lines}` +
          ownLines(this.#names ? "x".repeat(LONGEST_ID) : undefined, this.#traces ? SOME_TRACE : undefined),
      ),
    };
  }

  /** Whether the request goes on in the trace of its client. */
  #continues(asked: Fields): boolean {
    return this.#peer.trusted && parseTraceparent(asked.get(TRACEPARENT)) !== undefined;
  }
}

/** The field lines for edges, for all clients. Each connection has its own cache. */
export class ClientLines {
  readonly #proxies: TrustedProxies;
  readonly #names: boolean;
  readonly #traces: boolean;
  readonly #byPeer = new WeakMap<Peer, RequestLines>();

  constructor(proxies: TrustedProxies, names = false, traces = false) {
    this.#traces = traces;
    this.#proxies = proxies;
    this.#names = names;
  }

  of({ peer, request }: Exchange): LinesOut {
    let lines = this.#byPeer.get(peer);
    if (lines === undefined) {
      lines = new RequestLines(peer, this.#proxies, this.#names, this.#traces);
      this.#byPeer.set(peer, lines);
    }
    return lines.of(request);
  }
}

/** The lines that differ from request to request. */
export function ownLines(requestId: string | undefined, trace: TraceContext | undefined): string {
  const id = requestId === undefined ? "" : `${REQUEST_ID}: ${requestId}\r\n`;
  return trace === undefined ? id : `${id}${TRACEPARENT}: ${traceparentOf(trace)}\r\n`;
}

/** RFC 7239 section 6: an IPv6 address needs brackets and quotes, and an address with a port needs quotes. */
function nodeOf(address: string): string {
  if (isIPv6(address)) return `"[${address}]"`;
  return address.includes(":") ? `"${address}"` : address;
}

/** The head of the request to an edge. `address`: the edge's, for an HTTP/1.0 request without a Host. */
export function requestHeadOut(request: RequestHead, lines: string, address: string): string {
  const { method, path, host = address } = request;
  return `${method} ${path} HTTP/1.1\r\n${hostLine(host)}${framingLine(request.fields)}${lines}\r\n`;
}

/** Whether these lines are within the limits of edges and routers. */
function fits(lines: string): boolean {
  const { fields, bytes } = REQUEST_FIELD_LIMITS;
  return lines.length <= bytes && lines.split("\r\n").length - 1 <= fields;
}

/** As long as those that ask the edge for a tunnel. */
function changeLines({ offers: [protocol], version }: RequestHead["fields"]): string {
  if (protocol === undefined) return "";
  return upgradeLines(protocol) + (version === "2" ? `${KEY}: ${newKey()}\r\n` : "");
}

function hostLine(host: string): string {
  return `Host: ${host}\r\n`;
}

function framingLine({ framing }: RequestHead["fields"]): string {
  switch (framing.kind) {
    case "none":
      return "";
    case "length":
      return `Content-Length: ${framing.length}\r\n`;
    case "chunked":
      return "Transfer-Encoding: chunked\r\n";
  }
}
