import { STATUS_CODES } from "node:http";
import { ALLOWED_METHODS } from "../../http/message/refusal.ts";
import { PSEUDONYM } from "../forward/request-head-out.ts";

/** An answer made by the router itself. */
export interface ErrorAnswer {
  readonly status: number;
  /** RFC 9209 section 2.3: the proxy error type. */
  readonly error: string;
  /** What the client is told. */
  readonly text: string;
}

/** An answer of which only the state of its connection is not known yet. Its text is ASCII. */
export interface WholeAnswer {
  readonly status: number;
  /** Field lines, each with its end. */
  readonly fields: string;
  readonly body: string;
}

// Edges are looked at four times a second, so a second is time enough for one to come back.
const RETRY_AFTER_S = 1;

const SAFE = "Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n";

/** RFC 9209 section 2.3.16: the fault is in the request. */
export function refusal(status: number, text: string): ErrorAnswer {
  return { status, error: "http_request_error", text };
}

/** `id` stands in the log too. */
export function errorAnswer({ status, error, text }: ErrorAnswer, id: string): WholeAnswer {
  let fields = `${SAFE}Proxy-Status: ${PSEUDONYM}; error=${error}\r\n`;
  if (status === 503) fields += `Retry-After: ${RETRY_AFTER_S}\r\n`;
  // RFC 9110 section 15.5.6: a 405 says what is allowed.
  if (status === 405) fields += `Allow: ${ALLOWED_METHODS}\r\n`;
  return { status, fields, body: `${status} ${STATUS_CODES[status] ?? ""}: ${text}\nerror id: ${id}\n` };
}

/** RFC 9110 section 15.4.8: the same method and content, there; for this time only. */
export function redirectAnswer(base: string, path: string): WholeAnswer {
  const location = `${base}${path}`;
  return {
    status: 307,
    fields: `Location: ${location}\r\n${SAFE}`,
    body: `307 ${STATUS_CODES[307]}: ${location}\n`,
  };
}

/** How an answer ends on its connection. */
export interface Sending {
  readonly date: string;
  readonly closes: boolean;
  /** RFC 9110 section 9.3.2: no content, but its length. */
  readonly headOnly: boolean;
}

/** The bytes of an answer, as latin1. */
export function answerText(
  { status, fields, body }: WholeAnswer,
  { date, closes, headOnly }: Sending,
): string {
  const close = closes ? "Connection: close\r\n" : "";
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${fields}`;
  return `${head}Content-Length: ${body.length}\r\nDate: ${date}\r\n${close}\r\n${headOnly ? "" : body}`;
}
