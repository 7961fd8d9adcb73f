import type { Fields } from "../../http/message/fields.ts";
import { connectionNames } from "../../http/message/hop-by-hop.ts";
import type { RequestFraming } from "../../http/message/message-framing.ts";
import { upgradeLines } from "../../http/message/upgrade.ts";
import type { OriginRequest } from "./origin.ts";

/** A request as it goes to an origin. */
export interface UpstreamRequest {
  /** One char a byte. */
  readonly head: string;
  readonly framing: RequestFraming;
  /** Whether another request may follow on its connection. */
  readonly persists: boolean;
}

/** What the edge adds to a request, and what it replaces. */
export interface UpstreamTarget {
  /** With the path of the origin's base before it. */
  readonly path: string;
  /** The edge's id. */
  readonly via: string;
  /** The Host that the origin receives instead of its own. */
  readonly host: string | undefined;
  readonly baseHost: string;
}

/** RFC 9110 section 9.3: methods whose content has a meaning, so that an empty one is told. */
const HAVE_CONTENT: ReadonlySet<string> = new Set(["PATCH", "POST", "PROPFIND", "PROPPATCH", "PUT", "QUERY"]);

/** Bytes that would end a line, or the request line's parts, in the program behind us. */
const ENDS_A_LINE = /[\0\r\n]/;
const ENDS_A_PART = /[\0-\x20\x7f]/;

/** Exact as a number. */
const LENGTH = /^[0-9]{1,15}$/;

// The framing is our own, and there is no Expect: the body is sent at once.
const FRAMED: ReadonlySet<string> = new Set(["content-length", "expect", "host"]);

/** Throws for a request that an origin could take for two. */
export function upstreamRequest(request: OriginRequest, to: UpstreamTarget): UpstreamRequest {
  const { method, body } = request;
  const { path, via, host } = to;
  // RFC 9112 section 9.3: the server must be told before it decides to keep the connection. A server that sends content
  // in answer to HEAD must not have another request on that connection: its content would be taken for the answer.
  const isHead = method === "HEAD";
  const { upgrade } = request;
  const framing = framingOf(request);
  const lines = linesOf(request.fields, via, host);
  expectParts(method, path, host ?? to.baseHost);
  expectLine(via);
  const head =
    `${method} ${path} HTTP/1.1\r\nhost: ${host ?? to.baseHost}\r\n` +
    connectionLines(request, isHead) +
    `${lines}${framingLine(framing, method)}\r\n`;
  // RFC 9110 section 9.3.1: content that a server does not expect might be taken for the next request.
  const persists = !isHead && upgrade === undefined && (body === undefined || HAVE_CONTENT.has(method));
  return { head, framing, persists };
}

function connectionLines({ upgrade, takesTrailers }: OriginRequest, isHead: boolean): string {
  if (upgrade !== undefined) return upgradeLines(upgrade);
  if (isHead) return "connection: close\r\n";
  // RFC 9110 section 10.1.4: TE belongs to the connection.
  return takesTrailers === true
    ? "connection: keep-alive, te\r\nte: trailers\r\n"
    : "connection: keep-alive\r\n";
}

/** The field lines from end to end, with those that the edge sets. */
function linesOf(fields: Fields, via: string, host: string | undefined): string {
  const { raw, lower: names } = fields;
  // All of them at once: most texts end no line.
  expectLine(raw.join(""));
  const dropped = connectionNames(raw);
  const own = ownFields(fields, dropped, { via, host });
  let lines = "";
  for (let at = 0; at < names.length; at += 1) {
    const name = raw[2 * at] ?? "";
    const lower = names[at] ?? "";
    if (dropped.has(lower) || FRAMED.has(lower)) continue;
    const value = own.get(lower);
    if (value === "") continue;
    lines += value === undefined ? line(name, raw[2 * at + 1] ?? "") : line(OWN_NAMES[lower] ?? name, value);
    // Its other lines are in that value.
    if (value !== undefined) own.set(lower, "");
  }
  for (const [lower, value] of own) if (value !== "") lines += line(OWN_NAMES[lower] ?? lower, value);
  return lines;
}

const OWN_NAMES: Readonly<Record<string, string>> = {
  via: "Via",
  "cdn-loop": "CDN-Loop",
  "x-forwarded-host": "X-Forwarded-Host",
};

/** By name in lower case: what stands in the place of the client's lines, or behind all lines. */
function ownFields(
  fields: Fields,
  dropped: ReadonlySet<string>,
  { via, host }: Pick<UpstreamTarget, "via" | "host">,
): Map<string, string> {
  const members = (lower: string): string | undefined => (dropped.has(lower) ? undefined : fields.get(lower));
  // RFC 9110 section 7.6.3 and RFC 8586 section 2.
  const own = new Map([
    ["via", withMember(members("via"), `1.1 ${via}`)],
    ["cdn-loop", withMember(members("cdn-loop"), via)],
  ]);
  if (host !== undefined) own.set("x-forwarded-host", host);
  return own;
}

function framingOf({ fields, body, upgrade }: OriginRequest): RequestFraming {
  if (body === undefined || upgrade !== undefined) return { kind: "none" };
  const length = fields.get("content-length");
  if (length === undefined) return { kind: "chunked" };
  if (!LENGTH.test(length)) throw new Error(`not one Content-Length: ${JSON.stringify(length)}`);
  return { kind: "length", length: Number(length) };
}

function framingLine(framing: RequestFraming, method: string): string {
  switch (framing.kind) {
    case "none":
      // RFC 9110 section 8.6.
      return HAVE_CONTENT.has(method) ? "content-length: 0\r\n" : "";
    case "length":
      return `content-length: ${framing.length}\r\n`;
    case "chunked":
      return "transfer-encoding: chunked\r\n";
  }
}

/** A list field with one more member at its end. */
function withMember(members: string | undefined, member: string): string {
  return members === undefined ? member : `${members}, ${member}`;
}

function line(name: string, value: string): string {
  return `${name}: ${value}\r\n`;
}

function expectParts(...parts: readonly string[]): void {
  for (const part of parts)
    if (part === "" || ENDS_A_PART.test(part))
      throw new Error(`not a part of a request line: ${JSON.stringify(part)}`);
}

function expectLine(text: string): void {
  if (ENDS_A_LINE.test(text)) throw new Error(`not a part of a field line: ${JSON.stringify(text)}`);
}
