import { rawValues } from "../../http/message/raw-fields.ts";
import type { ResponseHead } from "../../http/message/response-head.ts";
import { upgradeLines } from "../../http/message/upgrade.ts";
import type { Exchange } from "../../http/server/exchange.ts";
import { ACCEPT, acceptOf, KEY, newKey, WEB_SOCKET } from "../../http/server/web-socket.ts";

/** How an edge is asked to change protocols (RFC 9110 section 7.8). */
export interface ProtocolChange {
  readonly protocol: string;
  /** The field lines that ask for it. */
  readonly lines: string;
  /** Whether the edge may change protocols with this answer. Every other answer is one like any other. */
  accepts(head: ResponseHead): boolean;
}

/** undefined: the client wants nothing but a response. */
export function protocolChange({ tunnel, request }: Exchange): ProtocolChange | undefined {
  if (tunnel === undefined) return undefined;
  const lines = upgradeLines(tunnel);
  // RFC 6455 section 4.1: a client of HTTP/1.1 has a key of its own, and looks at the answer itself.
  if (request.fields.version !== "2" || tunnel !== WEB_SOCKET)
    return { protocol: tunnel, lines, accepts: () => true };
  const key = newKey();
  return {
    protocol: tunnel,
    lines: `${lines}${KEY}: ${key}\r\n`,
    accepts: ({ status, raw }) =>
      status !== 101 || rawValues(raw, ACCEPT.toLowerCase()).join() === acceptOf(key),
  };
}
