import { isIPv6 } from "node:net";
import { Fields } from "../../http/message/fields.ts";
import { withoutForgeable } from "../../http/message/forgeable-fields.ts";
import { connectionNames, endToEnd } from "../../http/message/hop-by-hop.ts";
import type { RequestHead } from "../../http/message/request-head.ts";
import type { ResponseHead } from "../../http/message/response-head.ts";
import type { TrustedProxies } from "../../http/server/trusted-proxies.ts";

/** RFC 9110 section 7.6.3: the name under which the router appears in Via, and in Proxy-Status. */
export const PSEUDONYM = "edgecache-router";

// Said anew towards the edge: where the request goes, and how its body is delimited. The router has answered
// 100 (Continue) itself by the time it forwards.
const SAID_ANEW = ["host", "content-length", "expect"];

/** The field lines of one client connection's requests on their way to an edge. */
export class RequestLines {
  readonly #address: string;
  readonly #proxies: TrustedProxies;
  #last: {
    readonly fields: RequestHead["fields"];
    readonly host: string | undefined;
    readonly lines: string;
  };

  /** `address`: the client's, IPv4 or IPv6, or that of a proxy before the router. */
  constructor(address: string, proxies: TrustedProxies) {
    this.#address = address;
    this.#proxies = proxies;
    this.#last = NEVER;
  }

  /**
   * All but those in SAID_ANEW, in the client's order and case, then what the router vouches for. Clients repeat
   * themselves: lines for the same fields are remembered.
   */
  of({ fields, host }: RequestHead): string {
    if (this.#last.fields !== fields || this.#last.host !== host) {
      this.#last = { fields, host, lines: this.#build(fields, host) };
    }
    return this.#last.lines;
  }

  #build({ raw, version }: RequestHead["fields"], host: string | undefined): string {
    const asked = Fields.ofRaw(raw);
    const kept = withoutForgeable(endToEnd(asked)).without(SAID_ANEW);
    let lines = "";
    for (const [name, value] of kept) lines += `${name}: ${value}\r\n`;
    const chain = this.#proxies.chain(this.#address, asked.get("X-Forwarded-For"));
    const nodes = chain.split(",").map((address) => `for=${nodeOf(address.trim())}`);
    const named = host === undefined ? "" : `;host="${host}"`;
    lines += `Forwarded: ${nodes.join(", ")}${named};proto=http\r\nX-Forwarded-For: ${chain}\r\n`;
    // Clients reach the router in the clear; where TLS ends before it, that proxy's word is not checked here.
    lines += "X-Forwarded-Proto: http\r\n";
    if (host !== undefined) lines += `X-Forwarded-Host: ${host}\r\n`;
    return `${lines}Via: ${version} ${PSEUDONYM}\r\n`;
  }
}

/** RFC 7239 section 6: an IPv6 address is quoted, in brackets; so is what has a port. */
function nodeOf(address: string): string {
  if (isIPv6(address)) return `"[${address}]"`;
  return address.includes(":") ? `"${address}"` : address;
}

const NEVER = {
  fields: {
    version: "1.1",
    raw: [],
    authority: undefined,
    host: undefined,
    framing: { kind: "none" },
    persists: false,
    expectsContinue: false,
  },
  host: undefined,
  lines: "",
} as const;

/** The head of the request to an edge. `address`: the edge's, for a request of HTTP/1.0 that names no host. */
export function forwardedHead(request: RequestHead, lines: string, address: string): string {
  const { method, path, host = address } = request;
  return `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${framingLine(request)}${lines}\r\n`;
}

function framingLine({ fields: { framing } }: RequestHead): string {
  switch (framing.kind) {
    case "none":
      return "";
    case "length":
      return `Content-Length: ${framing.length}\r\n`;
    case "chunked":
      return "Transfer-Encoding: chunked\r\n";
  }
}

/** The field lines of the answers on one connection to an edge on their way to clients. */
export class ResponseLines {
  #last: { readonly head: ResponseHead; readonly lines: string; readonly dated: boolean } | undefined;

  /**
   * All that are not for that connection, in the edge's order and case, duplicates included; `dated`: Date is among
   * them. A head that an edge repeats byte for byte is remembered.
   */
  of(head: ResponseHead): { readonly lines: string; readonly dated: boolean } {
    if (this.#last?.head !== head) this.#last = { head, ...endToEndLines(head) };
    return this.#last;
  }
}

function endToEndLines({ raw, status }: ResponseHead): { lines: string; dated: boolean } {
  const dropped = connectionNames(raw);
  let lines = "";
  let dated = false;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? "";
    const lower = name.toLowerCase();
    if (dropped.has(lower) || lower === "x-served-by") continue;
    // RFC 9110 section 8.6.
    if (status === 204 && lower === "content-length") continue;
    if (lower === "date") dated = true;
    lines += `${name}: ${raw[i + 1]}\r\n`;
  }
  return { lines, dated };
}

/** What the router adds to a response. */
export interface Relayed {
  readonly edge: string;
  /** From the request's arrival to the first byte of the edge's answer. */
  readonly firstByteMs: number;
  readonly rttMs: number;
  /** The body goes to the client in chunks. */
  readonly chunked: boolean;
  /** The connection to the client closes after it. */
  readonly closes: boolean;
  /** The value of Date for an edge that gives none (RFC 9110 section 6.6.1). */
  readonly date: string;
}

/** The head of the response to the client. */
export function relayedHead(head: ResponseHead, edgeLines: ResponseLines, relayed: Relayed): string {
  const { status, reason } = head;
  const { lines, dated } = edgeLines.of(head);
  const date = dated ? "" : `Date: ${relayed.date}\r\n`;
  const coding = relayed.chunked ? "Transfer-Encoding: chunked\r\n" : "";
  const close = relayed.closes ? "Connection: close\r\n" : "";
  const { edge, firstByteMs, rttMs } = relayed;
  const timing = `router;dur=${tenths(firstByteMs)}, rtt;dur=${tenths(rttMs)};desc="${edge}"`;
  return `HTTP/1.1 ${status} ${reason}\r\n${lines}${date}${coding}${close}Via: 1.1 ${PSEUDONYM}\r\nX-Served-By: ${edge}\r\nServer-Timing: ${timing}\r\n\r\n`;
}

/** The head of an interim response to the client. RFC 9110 section 8.6: none of its fields is a Content-Length. */
export function interimHead({ raw, status, reason }: ResponseHead): string {
  const dropped = connectionNames(raw);
  let text = `HTTP/1.1 ${status} ${reason}\r\n`;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const lower = (raw[i] ?? "").toLowerCase();
    if (!dropped.has(lower) && lower !== "content-length") text += `${raw[i]}: ${raw[i + 1]}\r\n`;
  }
  return `${text}\r\n`;
}

/** As toFixed(1) for what is not negative, without its cost. */
function tenths(ms: number): string {
  const all = Math.round(ms * 10);
  return `${Math.floor(all / 10)}.${all % 10}`;
}
