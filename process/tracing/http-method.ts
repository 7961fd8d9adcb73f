import type { Attributes } from "./span.ts";

// The methods that OpenTelemetry's conventions know: those of RFC 9110, PATCH (RFC 5789) and QUERY. Clients may make up others
// without end.
const KNOWN: ReadonlySet<string> = new Set([
  "CONNECT",
  "DELETE",
  "GET",
  "HEAD",
  "OPTIONS",
  "PATCH",
  "POST",
  "PUT",
  "QUERY",
  "TRACE",
]);

/** The name of the span of a request with this method. */
export function methodSpan(method: string): string {
  return KNOWN.has(method) ? method : "HTTP";
}

export function methodAttributes(method: string): Attributes {
  return KNOWN.has(method)
    ? { "http.request.method": method }
    : { "http.request.method": "_OTHER", "http.request.method_original": method };
}
