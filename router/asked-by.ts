import type { AskedBy } from "../http/access-log/access-entry.ts";
import type { Exchange } from "../http/server/exchange.ts";
import type { TrustedProxies } from "../http/server/trusted-proxies.ts";
import { parseTraceparent, TRACEPARENT } from "../process/tracing/trace-context.ts";

/** What a request asks for and who sent it. `trace`: the one that it is in; else the one that it names itself. */
export function askedBy(
  { request, peer }: Pick<Exchange, "request" | "peer">,
  proxies: TrustedProxies,
  trace?: string,
): AskedBy {
  const { section, version } = request.fields;
  return {
    client: peer.trusted ? proxies.requester(peer.address, section.get("X-Forwarded-For")) : peer.client,
    method: request.method,
    scheme: proxies.scheme(peer.address, section.get("X-Forwarded-Proto"), peer.scheme),
    host: proxies.host(peer.address, section.get("X-Forwarded-Host"), request.host),
    protocol: `HTTP/${version}`,
    tls: peer.tls,
    referer: section.get("Referer"),
    userAgent: section.get("User-Agent"),
    traceId: trace ?? parseTraceparent(section.get(TRACEPARENT))?.traceId,
  };
}
