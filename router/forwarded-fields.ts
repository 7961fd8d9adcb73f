import { Fields } from "../http/fields.ts";
import { withoutForgeable } from "../http/forgeable-fields.ts";
import { endToEnd } from "../http/hop-by-hop.ts";

/** What the router knows of the client's connection. */
export interface ClientSide {
  readonly address: string;
  /** The Host field as the client sent it; HTTP/1.0 may have none. */
  readonly host: string | undefined;
  readonly httpVersion: string;
}

/** What the router adds to a response. */
export interface Relayed {
  readonly edge: string;
  /** From the request's arrival to the first byte of the edge's answer. */
  readonly firstByteMs: number;
  readonly rttMs: number;
}

// The router has answered 100 (Continue) itself by the time it forwards.
const ANSWERED_HERE = "expect";

/** RFC 9110 section 7.6.3: the name under which the router appears in Via, and in Proxy-Status. */
export const PSEUDONYM = "edgecache-router";

/** The fields of the request to an edge, as name, value, name, value …, in the client's order and case. */
export function requestFields(raw: readonly string[], client: ClientSide): string[] {
  const kept = withoutForgeable(endToEnd(Fields.ofRaw(raw))).without([ANSWERED_HERE]);
  const added = [
    ["X-Forwarded-For", client.address],
    // Clients reach the router in the clear; where TLS ends before it, that proxy's word is not checked here.
    ["X-Forwarded-Proto", "http"],
    ...(client.host === undefined ? [] : [["X-Forwarded-Host", client.host]]),
    ["Via", `${client.httpVersion} ${PSEUDONYM}`],
  ];
  return [...kept, ...added].flat();
}

/** The fields of an interim response to the client. RFC 9110 section 8.6: none of them is a Content-Length. */
export function interimFields(raw: readonly string[]): string[] {
  return [...endToEnd(Fields.ofRaw(raw)).without(["content-length"])].flat();
}

/** The fields of the response to the client, in the edge's order and case, duplicates included. */
export function responseFields(raw: readonly string[], relayed: Relayed): string[] {
  const kept = endToEnd(Fields.ofRaw(raw)).without(["x-served-by"]);
  const { edge, firstByteMs, rttMs } = relayed;
  const added = [
    ["Via", `1.1 ${PSEUDONYM}`],
    ["X-Served-By", edge],
    ["Server-Timing", `router;dur=${firstByteMs.toFixed(1)}, rtt;dur=${rttMs.toFixed(1)};desc="${edge}"`],
  ];
  return [...kept, ...added].flat();
}
