import type { AskedBy } from "../../http/access-log/access-entry.ts";
import type { RequestHead } from "../../http/message/request-head.ts";
import type { Peer } from "../../http/server/peer.ts";
import { parseTraceparent, TRACEPARENT } from "../../process/tracing/trace-context.ts";
import type { Addressing } from "./addressing.ts";

/** What a request asks for and who sent it. `trace`: the one that is recorded of it; else the one that it names itself. */
export function askedBy(
  { method, host, fields: { section, version } }: RequestHead,
  peer: Peer,
  addressing: Addressing,
  trace?: string,
): AskedBy {
  const addressed = addressing.of(section, host, peer);
  return {
    client: addressing.clientOf(section, peer),
    method,
    scheme: addressed?.scheme ?? peer.scheme,
    host: addressed?.authority ?? host,
    protocol: `HTTP/${version}`,
    tls: peer.tls,
    site: addressed?.site,
    referer: section.get("Referer"),
    userAgent: section.get("User-Agent"),
    traceId: trace ?? parseTraceparent(section.get(TRACEPARENT))?.traceId,
  };
}
