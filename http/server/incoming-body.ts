import type { RequestHead } from "../message/request-head.ts";
import { MessageBody } from "./request-body.ts";
import { TunnelBody } from "./tunnel-body.ts";
import type { UnreadBytes } from "./unread-bytes.ts";

/**
 * The protocol for which a request asks for a tunnel: the first that it offers and that is served (RFC 9110 section 7.8).
 * undefined: it is a request like any other. So is one that offers something else, such as h2c, which a server may ignore.
 */
export function wantedProtocol(
  { method, fields: { offers } }: Pick<RequestHead, "method" | "fields">,
  served: ReadonlySet<string>,
): string | undefined {
  // RFC 6455 section 4.1: a WebSocket begins with GET.
  return offers.length === 0 || method !== "GET" ? undefined : offers.find((each) => served.has(each));
}

/** What comes behind the fields of a request; undefined: the next request. */
export function bodyOf(
  request: Pick<RequestHead, "fields">,
  protocol: string | undefined,
  unread: UnreadBytes,
): MessageBody | TunnelBody | undefined {
  if (protocol !== undefined) return new TunnelBody(protocol, unread);
  const { framing } = request.fields;
  return framing.kind === "none" || isEmpty(request) ? undefined : new MessageBody(framing, unread);
}

export function isEmpty({ fields: { framing } }: Pick<RequestHead, "fields">): boolean {
  return framing.kind === "none" || (framing.kind === "length" && framing.length === 0);
}
