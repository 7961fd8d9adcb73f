import { STATUS_CODES } from "node:http";
import { ALLOWED_METHODS } from "../message/refusal.ts";

/** An error that the server answers itself. Its texts are ASCII. */
export interface ServerError {
  readonly status: number;
  /** RFC 9209 section 2.3: the proxy error type. */
  readonly error?: string | undefined;
  /** For people. */
  readonly text: string;
}

/** A response that is made at once. Only how its connection goes on is not known yet. Its content is ASCII. */
export interface WholeResponse {
  readonly status: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly content: string;
}

// Routers look at edges four times a second, and edges try a failed origin as often: a second is time enough.
const RETRY_AFTER_S = "1";

export const PLAIN_TEXT: WholeResponse["fields"] = [
  ["Content-Type", "text/plain; charset=utf-8"],
  ["Cache-Control", "no-store"],
];

/** `by`: the name that the server has in Proxy-Status (RFC 9209 section 2). `id` stands in the log too. */
export function errorResponse({ status, error, text }: ServerError, by: string, id: string): WholeResponse {
  const fields = [...PLAIN_TEXT];
  if (error !== undefined) fields.push(["Proxy-Status", `${by}; error=${error}`]);
  if (status === 503 || status === 429) fields.push(["Retry-After", RETRY_AFTER_S]);
  // RFC 9110 section 15.5.6: a 405 lists the allowed methods.
  if (status === 405) fields.push(["Allow", ALLOWED_METHODS]);
  return { status, fields, content: `${status} ${reasonOf(status)}: ${text}\nerror id: ${id}\n` };
}

/** How a response ends on its connection. */
export interface Sending {
  readonly date: string;
  readonly closes: boolean;
  /** RFC 9110 section 9.3.2: no content, but its length. */
  readonly headOnly: boolean;
}

/** The bytes of a response, as latin1. */
export function responseText(
  { status, fields, content }: WholeResponse,
  { date, closes, headOnly }: Sending,
): string {
  let head = statusLine(status);
  for (const [name, value] of fields) head += `${name}: ${value}\r\n`;
  const close = closes ? "Connection: close\r\n" : "";
  return `${head}Content-Length: ${content.length}\r\nDate: ${date}\r\n${close}\r\n${headOnly ? "" : content}`;
}

/** By status. There are a few hundred at most. */
const statusLines: string[] = [];

export function statusLine(status: number): string {
  const known = statusLines[status];
  if (known !== undefined) return known;
  const line = `HTTP/1.1 ${status} ${reasonOf(status)}\r\n`;
  statusLines[status] = line;
  return line;
}

export function reasonOf(status: number): string {
  return STATUS_CODES[status] ?? "";
}
