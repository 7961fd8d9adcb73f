import { connectionNames } from "../../http/message/hop-by-hop.ts";
import type { ResponseHead } from "../../http/message/response-head.ts";
import { upgradeLines } from "../../http/message/upgrade.ts";
import { ACCEPT } from "../../http/server/web-socket.ts";
import { PSEUDONYM } from "./request-head-out.ts";

const ACCEPT_LINE = new RegExp(`^${ACCEPT}:.*\\r\\n`, "im");

/** The field lines for clients, made from the responses on one connection to an edge. */
export class ResponseLines {
  #last: { readonly head: ResponseHead; readonly lines: string; readonly dated: boolean } | undefined;

  /**
   * All end-to-end fields, in the edge's order and case, with duplicates. `dated`: Date is among them. The lines are
   * cached for an edge that repeats a head byte for byte.
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
    // The edge announces trailers where the client takes them.
    if ((dropped.has(lower) && lower !== "trailer") || lower === "x-served-by") continue;
    // RFC 9110 section 8.6.
    if (status === 204 && lower === "content-length") continue;
    if (lower === "date") dated = true;
    lines += `${name}: ${raw[i + 1]}\r\n`;
  }
  return { lines, dated };
}

/** What the router adds to the edge's fields in a response head. */
export interface RouterFields {
  readonly edge: string;
  /** From the request's arrival to the first byte of the edge's response. */
  readonly firstByteMs: number;
  readonly rttMs: number;
  /** The content goes to the client in chunked coding. */
  readonly chunked: boolean;
  /** The connection to the client closes after it. */
  readonly closes: boolean;
  /** The protocol that the client speaks with the edge from now on. `byConnect`: it asked as in RFC 8441. */
  readonly tunnel?: { readonly protocol: string; readonly byConnect: boolean };
  /** RFC 9110 section 6.6.1: the value of Date when the edge gives none. */
  readonly date: string;
}

/** The head of the final response to the client. */
export function responseHeadOut(head: ResponseHead, edgeLines: ResponseLines, added: RouterFields): string {
  const { tunnel } = added;
  const { lines: all, dated } = edgeLines.of(head);
  // RFC 8441 section 5.
  const lines = tunnel?.byConnect ? all.replace(ACCEPT_LINE, "") : all;
  const { status, reason } = tunnel?.byConnect ? { status: 200, reason: "OK" } : head;
  const date = dated ? "" : `Date: ${added.date}\r\n`;
  const coding = added.chunked ? "Transfer-Encoding: chunked\r\n" : "";
  const close = added.closes ? "Connection: close\r\n" : "";
  const connection = tunnel === undefined ? close : tunnel.byConnect ? "" : upgradeLines(tunnel.protocol);
  const { edge, firstByteMs, rttMs } = added;
  const timing = `router;dur=${tenths(firstByteMs)}, rtt;dur=${tenths(rttMs)};desc="${edge}"`;
  return `HTTP/1.1 ${status} ${reason}\r\n${lines}${date}${coding}${connection}Via: 1.1 ${PSEUDONYM}\r\nX-Served-By: ${edge}\r\nServer-Timing: ${timing}\r\n\r\n`;
}

/** The head of an interim response to the client. RFC 9110 section 8.6: it has no Content-Length. */
export function interimHeadOut({ raw, status, reason }: ResponseHead): string {
  const dropped = connectionNames(raw);
  let text = `HTTP/1.1 ${status} ${reason}\r\n`;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const lower = (raw[i] ?? "").toLowerCase();
    if (!dropped.has(lower) && lower !== "content-length") text += `${raw[i]}: ${raw[i + 1]}\r\n`;
  }
  return `${text}\r\n`;
}

/** toFixed(1) for numbers from 0, but faster. */
function tenths(ms: number): string {
  const all = Math.round(ms * 10);
  return `${Math.floor(all / 10)}.${all % 10}`;
}
