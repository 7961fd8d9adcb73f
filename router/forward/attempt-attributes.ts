import type { RequestHead } from "../../http/message/request-head.ts";
import { parseAddress } from "../../process/address.ts";
import { methodAttributes } from "../../process/tracing/http-method.ts";
import type { Attributes } from "../../process/tracing/span.ts";

/** What the span of a try says, by OpenTelemetry's conventions for HTTP. `address`: host:port of the edge. */
export function attemptAttributes(
  { method }: Pick<RequestHead, "method">,
  edge: string,
  address: string,
): Attributes {
  const to = parseAddress(address);
  return {
    ...methodAttributes(method),
    "server.address": to?.host,
    "server.port": to?.port,
    "edgecache.edge": edge,
  };
}
