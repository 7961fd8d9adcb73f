/** What the client gets for a request that node's parser refused: a status, and a word for the reason. */
export interface ParseFault {
  readonly status: number;
  readonly detail: string;
}

/** The error of node's `clientError` event, as far as it matters here. */
export interface ParserError extends Error {
  readonly code?: string;
  /** The bytes that were being read, and how many of them were understood. */
  readonly rawPacket?: Uint8Array;
  readonly bytesParsed?: number;
}

/** undefined when the connection broke, so that there is nobody to answer. */
export function parseFault(error: ParserError): ParseFault | undefined {
  const { code = "" } = error;
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return { status: 431, detail: "fields-too-large" };
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { status: 408, detail: "request-too-slow" };
    case "HPE_INVALID_VERSION":
    case "HPE_PAUSED_H2_UPGRADE":
      return { status: 505, detail: "http-version" };
    case "HPE_INVALID_METHOD":
      // The parser knows a fixed list of methods, and BAN, for one, is not in it.
      return isRequestLine(faultyLine(error))
        ? { status: 405, detail: "method-not-allowed" }
        : { status: 400, detail: "malformed-request" };
    default:
      return code.startsWith("HPE_") ? { status: 400, detail: "malformed-request" } : undefined;
  }
}

/** RFC 9112 section 3: a method, which is a token, a target and a version. */
function isRequestLine(line: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+ [^ ]+ HTTP\/1\.[01]$/.test(line);
}

function faultyLine({ rawPacket = new Uint8Array(), bytesParsed = 0 }: ParserError): string {
  const text = Buffer.from(rawPacket).toString("latin1");
  const start = text.lastIndexOf("\n", Math.max(0, bytesParsed - 1)) + 1;
  const end = text.indexOf("\r\n", start);
  return end < 0 ? "" : text.slice(start, end);
}
