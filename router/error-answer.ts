import { STATUS_CODES } from "node:http";
import { ALLOWED_METHODS } from "../http/refuse-request.ts";
import { PSEUDONYM } from "./forwarded-fields.ts";

/** An answer made by the router itself. */
export interface ErrorAnswer {
  readonly status: number;
  /** RFC 9209 section 2.3: the proxy error type. */
  readonly error: string;
  /** What the client is told. */
  readonly text: string;
}

export interface WholeAnswer {
  readonly status: number;
  /** name, value, name, value … */
  readonly fields: readonly string[];
  readonly body: Buffer;
}

// Edges are looked at four times a second, so a second is time enough for one to come back.
const RETRY_AFTER_S = "1";

/** `id` stands in the log too. */
export function errorAnswer({ status, error, text }: ErrorAnswer, id: string): WholeAnswer {
  const body = Buffer.from(`${status} ${STATUS_CODES[status] ?? ""}: ${text}\nerror id: ${id}\n`);
  const fields = [
    ["Content-Type", "text/plain; charset=utf-8"],
    ["Content-Length", String(body.byteLength)],
    ["Cache-Control", "no-store"],
    ["Proxy-Status", `${PSEUDONYM}; error=${error}`],
  ];
  if (status === 503) fields.push(["Retry-After", RETRY_AFTER_S]);
  // RFC 9110 section 15.5.6: a 405 says what is allowed.
  if (status === 405) fields.push(["Allow", ALLOWED_METHODS]);
  return { status, fields: fields.flat(), body };
}

/** RFC 9110 section 15.4.8: the same method and content, there. */
export function redirectAnswer(base: string, target: string): WholeAnswer {
  const location = `${base}${target}`;
  const body = Buffer.from(`307 ${STATUS_CODES[307]}: ${location}\n`);
  const fields = [
    ["Location", location],
    ["Content-Type", "text/plain; charset=utf-8"],
    ["Content-Length", String(body.byteLength)],
    // The nearest edge of this moment is not the nearest of the next.
    ["Cache-Control", "no-store"],
  ];
  return { status: 307, fields: fields.flat(), body };
}

/** The bytes of an answer on a connection that is closed after it. */
export function rawAnswer({ status, fields, body }: WholeAnswer, date: Date): Buffer {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n`;
  for (let i = 0; i + 1 < fields.length; i += 2) head += `${fields[i]}: ${fields[i + 1]}\r\n`;
  head += `Date: ${date.toUTCString()}\r\nConnection: close\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), body]);
}
