import type { RequestHead } from "../../http/message/request-head.ts";
import { parseAddress } from "../../process/address.ts";
import type { Attributes } from "../../process/tracing/span.ts";

/** What the span of a try says, by OpenTelemetry's conventions for HTTP. `address`: host:port of the edge. */
export function attemptAttributes(
  { method, path }: Pick<RequestHead, "method" | "path">,
  edge: string,
  address: string,
): Attributes {
  const to = parseAddress(address);
  return {
    "http.request.method": method,
    "url.path": path.split("?", 1)[0],
    "server.address": to?.host,
    "server.port": to?.port,
    "edgecache.edge": edge,
  };
}
