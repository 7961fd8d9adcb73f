import { statusLine } from "../../http/server/error-response.ts";
import type { Content, Served } from "../cache/answer.ts";
import { appendCacheStatus, cacheStatusMember, xCache } from "../cache/outcome.ts";
import { isSendable } from "../rules/sent-fields.ts";

/** The head of an answer without what belongs to the connection. Chars are bytes (latin1). */
export interface ResponseHeadText {
  /** The status line and field lines, each with its end. */
  readonly text: string;
  /** The length of the content; undefined when it is not known yet. */
  readonly length: number | "none" | undefined;
}

export interface HeadOptions {
  readonly edge: string;
  /** Of the request. */
  readonly method: string;
  /** RFC 9110 section 6.6.1: for an answer that has no Date. */
  readonly date: string;
  /** Whether the client takes trailers. */
  readonly trailers?: boolean;
}

/** undefined when a field cannot be sent as it is. */
export function responseHead(
  served: Served,
  { edge, method, date, trailers: takesTrailers = false }: HeadOptions,
): ResponseHeadText | undefined {
  const { status, fields, outcome, age } = served;
  const hasContent = method !== "HEAD" && status !== 204 && status !== 304;
  const trailers = takesTrailers && hasContent ? served.trailers : undefined;
  // Behind content of a known length there is no place for them.
  const length = trailers?.raw.length ? undefined : lengthOf(served.content, hasContent);
  // When content follows, Content-Length is the number of bytes really sent.
  const ownLength = hasContent || (length !== undefined && !fields.has("Content-Length"));
  let text = statusLine(status);
  let isDated = false;
  let isLengthSent = false;
  const { raw, lower } = fields.unpacked();
  for (let line = 0; line < lower.length; line += 1) {
    const name = raw[2 * line] ?? "";
    const value = raw[2 * line + 1] ?? "";
    switch (lower[line]) {
      case "cache-status":
      case "x-cache":
        continue;
      case "age":
        if (age !== undefined) continue;
        break;
      case "content-length":
        // RFC 9110 section 8.6: none in a 204.
        if (status === 204) continue;
        if (!ownLength) break;
        if (isLengthSent || value !== String(length)) continue;
        isLengthSent = true;
        break;
      case "date":
        isDated = true;
    }
    if (!isSendable(name, value)) return undefined;
    text += `${name}: ${value}\r\n`;
  }
  if (ownLength && !isLengthSent && length !== undefined && status !== 204)
    text += `Content-Length: ${length}\r\n`;
  if (age !== undefined) text += `Age: ${age}\r\n`;
  if (trailers?.announced !== undefined) text += `Trailer: ${trailers.announced}\r\n`;
  if (!isDated) text += `Date: ${date}\r\n`;
  if (served.originMs !== undefined) text += originTiming(served.originMs);
  const cacheStatus = appendCacheStatus(fields, cacheStatusMember(edge, outcome));
  text += `Cache-Status: ${cacheStatus}\r\nX-Cache: ${xCache(outcome)}\r\n`;
  return { text, length: hasContent ? length : "none" };
}

/** W3C Server Timing: milliseconds. A tenth is as fine as a developer's tools show it. */
function originTiming(ms: number): string {
  return `Server-Timing: origin;dur=${Math.round(ms * 10) / 10}\r\n`;
}

/** The lines of an interim response (RFC 9110 section 15.2); undefined when a field cannot be sent as it is. */
export function interimHead(
  status: number,
  fields: Iterable<readonly [name: string, value: string]>,
): string | undefined {
  let text = statusLine(status);
  for (const [name, value] of fields) {
    if (!isSendable(name, value)) return undefined;
    text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}

function lengthOf(content: Content, hasContent: boolean): number | undefined {
  if (content.kind === "none") return hasContent ? 0 : undefined;
  return content.length;
}

/** An answer of the edge's own, whose content is ASCII in memory, as the last bytes of its connection. */
export function wholeResponse(served: Served, options: HeadOptions): string {
  const { content } = served;
  const head = responseHead(served, options)?.text ?? statusLine(500);
  const chunks = content.kind === "bytes" && options.method !== "HEAD" ? content.chunks : [];
  return `${head}Connection: close\r\n\r\n${Buffer.concat(chunks).toString("latin1")}`;
}
