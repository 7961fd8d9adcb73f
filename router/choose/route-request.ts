import type { RequestHead } from "../../http/message/request-head.ts";

/** The parts of a request that the choice of an edge uses. */
export interface RouteRequest {
  readonly method: string;
  /** Its Host, as the client sent it. */
  readonly host: string;
  /** The request target in origin form. */
  readonly target: string;
  /** Value of the field that --client-region names; undefined when there is none. */
  readonly region: string | undefined;
}

/** Picks these parts. `regionField`: the field with the client's region, in lower case. */
export function routeRequest(request: RequestHead, regionField: string | undefined): RouteRequest {
  const { method, host = "", path, fields } = request;
  const region = regionField === undefined ? undefined : lastValue(fields.raw, regionField);
  return { method, host, target: path, region };
}

/** RFC 9110 section 5.3 allows only one line of such a field. Of several, the last one is from the nearest proxy. */
function lastValue(raw: readonly string[], name: string): string | undefined {
  for (let i = raw.length - 2; i >= 0; i -= 2) {
    const each = raw[i] ?? "";
    if (each.length === name.length && each.toLowerCase() === name) return raw[i + 1];
  }
  return undefined;
}
