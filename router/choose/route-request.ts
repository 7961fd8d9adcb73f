import type { RequestHead } from "../../http/message/request-head.ts";

/** What the choice of an edge may know of a request. */
export interface RouteRequest {
  readonly method: string;
  /** Its Host, as the client wrote it. */
  readonly host: string;
  /** The request target in origin form. */
  readonly target: string;
  /** Value of the field that --client-region names; undefined when there is none. */
  readonly region: string | undefined;
}

/** What the choice may know of a request. `regionField`: the field, in lower case, that names the client's region. */
export function routeRequest(request: RequestHead, regionField: string | undefined): RouteRequest {
  const { method, host = "", path, fields } = request;
  const region = regionField === undefined ? undefined : lastValue(fields.raw, regionField);
  return { method, host, target: path, region };
}

/** RFC 9110 section 5.3 allows one line only for such a field; of several the last is the nearest proxy's. */
function lastValue(raw: readonly string[], name: string): string | undefined {
  for (let i = raw.length - 2; i >= 0; i -= 2) {
    const each = raw[i] ?? "";
    if (each.length === name.length && each.toLowerCase() === name) return raw[i + 1];
  }
  return undefined;
}
