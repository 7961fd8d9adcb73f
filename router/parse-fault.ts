import type { ErrorAnswer } from "./error-answer.ts";

/** The error of node's `clientError` event, as far as it matters here. */
export interface ParserError {
  readonly code?: string | undefined;
  readonly rawPacket?: Buffer | undefined;
  /** Where in `rawPacket` the parser stopped. */
  readonly bytesParsed?: number | undefined;
}

// RFC 9112 section 3: a request line. The parser knows a fixed list of methods, and BAN, for one, is not in it.
const REQUEST_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64} \S{1,8192} HTTP\/1\.[01]\r?\n/;
const LONGEST_LINE = 8400;

/**
 * What the client of bytes that node's parser refused gets before its connection is closed; undefined when
 * the connection broke, so that there is nobody to answer.
 */
export function parseFault(error: ParserError): ErrorAnswer | undefined {
  const { code = "" } = error;
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return refusal(431, "the request's fields are too large");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return refusal(408, "the request's fields did not arrive in time");
    case "HPE_INVALID_VERSION":
    case "HPE_PAUSED_H2_UPGRADE":
      return refusal(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    case "HPE_INVALID_METHOD":
      return isRequestLine(error)
        ? refusal(405, "this method is not offered here")
        : refusal(400, "the request is malformed");
    default:
      return code.startsWith("HPE_") ? refusal(400, "the request is malformed") : undefined;
  }
}

/** RFC 9209 section 2.3.16: the fault is in the request. */
export function refusal(status: number, text: string): ErrorAnswer {
  return { status, error: "http_request_error", text };
}

/** Earlier requests of the same packet have been parsed: the line at fault is the one the parser stopped in. */
function isRequestLine({ rawPacket, bytesParsed = 0 }: ParserError): boolean {
  if (rawPacket === undefined) return false;
  const start = bytesParsed === 0 ? 0 : rawPacket.lastIndexOf("\n", bytesParsed - 1) + 1;
  return REQUEST_LINE.test(rawPacket.subarray(start, start + LONGEST_LINE).toString("latin1"));
}
