import { z } from "zod";
import { Fields } from "../../http/message/fields.ts";
import { isToken } from "../../http/message/token.ts";
import { Failure } from "../../process/failure.ts";
import { show } from "../../process/settings/values.ts";

/** One request that a browser or a server has recorded. */
export interface RecordedRequest {
  /** When it was made, in milliseconds since 1970. */
  readonly at: number;
  readonly method: string;
  /** The host, with its port if one was given; "" when the record does not say. */
  readonly authority: string;
  readonly target: string;
  readonly fields: Fields;
  readonly status: number;
  /** undefined: the record has none. */
  readonly responseFields: Fields | undefined;
  /** Of the response's content. */
  readonly bytes: number;
}

export interface Recording {
  /** In order of time. */
  readonly requests: readonly RecordedRequest[];
  /** Lines or entries that are no request by HTTP. */
  readonly skipped: number;
}

const harFields = z.array(z.object({ name: z.string(), value: z.string() }));

const harEntry = z.object({
  startedDateTime: z.string(),
  request: z.object({ method: z.string(), url: z.string(), headers: harFields }),
  response: z.object({
    status: z.number().int(),
    headers: harFields,
    content: z.object({ size: z.number() }),
  }),
});

const har = z.object({ log: z.object({ entries: z.array(z.unknown()) }) });

/** By the names of edgeCache's access log; `url` may stand in the place of `host` and `target`. */
const logLine = z.object({
  time: z.union([z.string(), z.number()]),
  method: z.string(),
  host: z.string().optional(),
  target: z.string().optional(),
  url: z.string().optional(),
  status: z.number().int(),
  bytes: z.number().optional(),
});

/** A HAR file, or an access log: lines in JSON, or in the common or combined format. Throws a Failure for anything else. */
export function recordedRequests(text: string): Recording {
  const found = text.trimStart().startsWith("{") ? (fromHar(text) ?? fromLines(text)) : fromLines(text);
  const requests = found.filter((each) => each !== undefined).sort((a, b) => a.at - b.at);
  if (requests.length === 0)
    throw new Failure(
      "bad-config",
      "client",
      `--from: must be a HAR file, or an access log in JSON, common or combined format, got ${show(text.slice(0, 80))}`,
    );
  return { requests, skipped: found.length - requests.length };
}

type Found = readonly (RecordedRequest | undefined)[];

/** undefined: it is no HAR file. */
function fromHar(text: string): Found | undefined {
  const file = har.safeParse(parsedJson(text));
  return file.success ? file.data.log.entries.map(fromEntry) : undefined;
}

function fromEntry(value: unknown): RecordedRequest | undefined {
  const entry = harEntry.safeParse(value);
  if (!entry.success) return undefined;
  const { startedDateTime, request, response } = entry.data;
  const url = URL.parse(request.url);
  // A browser records 0 for a response that it blocked, and what came from its own cache without a request.
  if (url === null || !url.protocol.startsWith("http") || response.status === 0) return undefined;
  return recorded({
    at: Date.parse(startedDateTime),
    method: request.method,
    authority: url.host,
    target: url.pathname + url.search,
    fields: fieldsOf(request.headers),
    status: response.status,
    responseFields: fieldsOf(response.headers),
    bytes: response.content.size,
  });
}

function fieldsOf(lines: z.infer<typeof harFields>): Fields {
  // HTTP/2 is recorded with its pseudo-fields.
  return Fields.of(lines.flatMap(({ name, value }) => (isToken(name) ? [[name, value] as const] : [])));
}

function fromLines(text: string): Found {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => (line.startsWith("{") ? fromJsonLine(line) : fromCommonLine(line)));
}

function fromJsonLine(line: string): RecordedRequest | undefined {
  const read = logLine.safeParse(parsedJson(line));
  if (!read.success) return undefined;
  const { time, method, host = "", target, url = target, status, bytes = 0 } = read.data;
  const named = url?.startsWith("/") ? { host, path: url } : partsOf(url);
  if (named === undefined) return undefined;
  // Seconds or milliseconds.
  const at = typeof time === "string" ? Date.parse(time) : time < 1e11 ? time * 1_000 : time;
  return recorded({ ...plain(method, status, bytes), at, authority: named.host, target: named.path });
}

function partsOf(text: string | undefined): { readonly host: string; readonly path: string } | undefined {
  const url = text === undefined ? null : URL.parse(text);
  return url === null ? undefined : { host: url.host, path: url.pathname + url.search };
}

const COMMON = /^\S+ \S+ \S+ \[([^\]]{1,40})\] "([A-Z-]{1,20}) (\S{1,8192})[^"]*" (\d{3}) (\d+|-)/;
const COMMON_TIME = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})$/;

function fromCommonLine(line: string): RecordedRequest | undefined {
  const match = COMMON.exec(line);
  if (match === null) return undefined;
  const [, time = "", method = "", target = "", status = "", bytes = ""] = match;
  const named = target.startsWith("/") ? { host: "", path: target } : partsOf(target);
  if (named === undefined) return undefined;
  const at = Date.parse(time.replace(COMMON_TIME, "$1 $2 $3 $4 $5"));
  return recorded({
    ...plain(method, Number(status), Number(bytes) || 0),
    at,
    authority: named.host,
    target: named.path,
  });
}

function plain(method: string, status: number, bytes: number) {
  return { method, status, bytes, fields: Fields.of([]), responseFields: undefined };
}

function recorded(request: RecordedRequest): RecordedRequest | undefined {
  const { at, status, method, bytes } = request;
  const isRequest = Number.isFinite(at) && status >= 200 && status <= 599 && isToken(method);
  return isRequest ? { ...request, bytes: Math.max(0, bytes) } : undefined;
}

/** undefined for anything else. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
