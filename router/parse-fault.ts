import type { ErrorAnswer } from "./error-answer.ts";

/** What node says of bytes that its parser refused. */
export interface ParserError {
  readonly code?: string | undefined;
  readonly rawPacket?: Buffer | undefined;
  /** Where in `rawPacket` the parser stopped. */
  readonly bytesParsed?: number | undefined;
}

// RFC 9112 section 3: a request line whose method the parser does not know, as PURGE's sister BAN.
const REQUEST_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64} \S{1,8192} HTTP\/1\.[01]\r?\n/;

/** What the client of such bytes gets before its connection is closed. */
export function parseFault(error: ParserError): ErrorAnswer {
  switch (error.code) {
    case "HPE_HEADER_OVERFLOW":
      return refusal(431, "the request's fields are too large");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return refusal(408, "the request's fields did not arrive in time");
    case "HPE_INVALID_VERSION":
      return refusal(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return refusal(413, "the chunk extensions are too large");
    case "HPE_INVALID_METHOD":
      return isRequestLine(error)
        ? refusal(405, "this method is not offered here")
        : refusal(400, "the request is malformed");
    default:
      return refusal(400, "the request is malformed");
  }
}

function refusal(status: number, text: string): ErrorAnswer {
  return { status, error: "http_request_error", text };
}

/** Earlier requests of the same packet have been parsed: the line at fault is the one the parser stopped in. */
function isRequestLine({ rawPacket, bytesParsed = 0 }: ParserError): boolean {
  if (rawPacket === undefined) return false;
  const start = bytesParsed === 0 ? 0 : rawPacket.lastIndexOf("\n", bytesParsed - 1) + 1;
  return REQUEST_LINE.test(rawPacket.subarray(start, start + 8400).toString("latin1"));
}
