import { parseAuthority } from "../message/authority.ts";
import { FIELD_MESSAGES } from "../message/field-lines.ts";
import { type RefusedRequest, refused } from "../message/refusal.ts";
import { judgeFields, REQUEST_FIELD_LIMITS, type RequestFields } from "../message/request-fields.ts";
import type { RequestHead } from "../message/request-head.ts";
import { judgeLine } from "../message/request-line.ts";
import { DEFAULT_PRIORITY, type Priority, parsePriority } from "./priority.ts";

export type StreamRequest =
  | { readonly kind: "request"; readonly head: RequestHead; readonly priority: Priority }
  /** RFC 9113 section 8.1.1: the stream is reset. */
  | { readonly kind: "malformed"; readonly why: string }
  /** HTTP/1.1 would refuse it too: it is answered. */
  | { readonly kind: "refused"; readonly refused: RefusedRequest; readonly headOnly: boolean };

const PSEUDO: ReadonlySet<string> = new Set([":method", ":scheme", ":authority", ":path", ":protocol"]);

/** RFC 9113 section 8.2.2. */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

// RFC 9113 section 8.2.1: a token in lower case; no control characters, and no space around a value.
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;

const NO_TUNNEL = "no site here lets the protocol pass that :protocol names (see the setting upgrades)";

interface Section {
  readonly authority: string | undefined;
  /** The fields that are no pseudo-fields: name, value, name, value … */
  readonly raw: readonly string[];
  readonly fields: RequestFields;
  readonly priority: Priority;
}

/**
 * Makes requests of the field lists of one connection, by the rules of HTTP/1.1 wherever those apply, so that no program
 * behind us can read a request in another way. A list that is repeated gives the same RequestFields again.
 */
export class StreamRequests {
  readonly #upgrades: ReadonlySet<string>;
  #last: Section | undefined;

  /** `upgrades`: the protocols for which a client may ask by extended CONNECT. Without any there is no such request. */
  constructor(upgrades: ReadonlySet<string> = new Set()) {
    this.#upgrades = upgrades;
  }

  /** `raw`: a decoded list. `endStream`: no body follows. */
  read(raw: readonly string[], endStream: boolean): StreamRequest {
    const pseudo = new Map<string, string>();
    let at = 0;
    for (; raw[at]?.startsWith(":"); at += 2) {
      const name = raw[at] ?? "";
      // RFC 9113 section 8.3: only those that are defined, each once, before all others.
      if (!PSEUDO.has(name) || pseudo.has(name)) return malformed(`the pseudo-field ${name}`);
      pseudo.set(name, raw[at + 1] ?? "");
    }
    const method = pseudo.get(":method");
    if (method === undefined) return malformed("no :method");
    const protocol = pseudo.get(":protocol")?.toLowerCase();
    const fault = protocol === undefined ? undefined : this.#connectFault(method, endStream);
    if (fault !== undefined) return malformed(fault);
    // RFC 8441 section 5: what a client of HTTP/1.1 asks for by GET and Upgrade.
    const line = lineOf(protocol === undefined ? method : "GET", pseudo);
    if (line.kind !== "line") return line;
    if (protocol !== undefined && !this.#upgrades.has(protocol))
      return { ...refuse(501, "unknown-protocol", NO_TUNNEL), headOnly: false };
    const section = this.#section(pseudo.get(":authority"), raw, at, endStream);
    if (section.kind === "malformed") return section;
    if (section.kind === "refused") return { ...section, headOnly: method === "HEAD" };
    const { fields, priority } = section.section;
    const { target, path } = line.line;
    if (protocol === undefined)
      return { kind: "request", head: { method, target, path, host: fields.host, fields }, priority };
    // RFC 9113 section 8.5: a tunnel has no content.
    if (fields.section.has("Content-Length")) return malformed("CONNECT with Content-Length");
    const asking: RequestFields = { ...fields, framing: { kind: "none" }, offers: [protocol] };
    return {
      kind: "request",
      head: { method: "GET", target, path, host: fields.host, fields: asking },
      priority,
    };
  }

  /** RFC 8441 section 4. */
  #connectFault(method: string, endStream: boolean): string | undefined {
    if (this.#upgrades.size === 0) return "the pseudo-field :protocol, which was not offered";
    if (method !== "CONNECT") return ":protocol without CONNECT";
    return endStream ? "a tunnel that has ended" : undefined;
  }

  #section(
    authority: string | undefined,
    raw: readonly string[],
    from: number,
    endStream: boolean,
  ): JudgedSection {
    const last = this.#last;
    if (endStream && last !== undefined && last.authority === authority && isTail(last.raw, raw, from))
      return { kind: "section", section: last };
    const rest = raw.slice(from);
    const judged = judgeSection(authority, rest, endStream);
    // What has a body is framed in its own way, so it is not kept.
    if (judged.kind === "section" && endStream) this.#last = { ...judged.section, raw: rest };
    return judged;
  }
}

function isTail(last: readonly string[], raw: readonly string[], from: number): boolean {
  if (last.length !== raw.length - from) return false;
  for (let i = 0; i < last.length; i += 1) if (last[i] !== raw[from + i]) return false;
  return true;
}

function lineOf(method: string, pseudo: ReadonlyMap<string, string>) {
  const [scheme, path] = [pseudo.get(":scheme"), pseudo.get(":path")];
  // RFC 9113 section 8.5: CONNECT has neither. It is not served here.
  if (method !== "CONNECT") {
    // RFC 9113 section 8.3.1. The port knows the scheme, so its value counts for nothing.
    if (scheme !== "http" && scheme !== "https") return malformed("no :scheme that is http or https");
    if (path === undefined || !(path.startsWith("/") || (path === "*" && method === "OPTIONS")))
      return malformed("no :path that begins with /");
  }
  const verdict = judgeLine(method, path ?? "", "1.1");
  return verdict.kind === "line" ? verdict : { ...verdict, headOnly: method === "HEAD" };
}

type JudgedSection =
  | { readonly kind: "section"; readonly section: Omit<Section, "raw"> }
  | { readonly kind: "malformed"; readonly why: string }
  | { readonly kind: "refused"; readonly refused: RefusedRequest };

function judgeSection(
  authority: string | undefined,
  raw: readonly string[],
  endStream: boolean,
): JudgedSection {
  const fault = fieldFault(raw);
  if (fault !== undefined) return malformed(fault);
  const host = raw.find((_, i) => i % 2 === 1 && raw[i - 1] === "host");
  if (authority !== undefined && host !== undefined && !isSameHost(authority, host))
    return refuse(400, "host-mismatch", ":authority and Host name different hosts");
  const own = authority === undefined || host !== undefined ? [] : ["host", authority];
  const joined = [...own, ...withOneCookie(raw)];
  const { fields: mostFields, bytes: mostBytes } = REQUEST_FIELD_LIMITS;
  if (joined.length > mostFields * 2)
    return refuse(431, "too-many-fields", FIELD_MESSAGES["too-many-fields"]);
  // As lines of HTTP/1.1, with ": " and CRLF.
  const bytes = joined.reduce((sum, text) => sum + text.length + 2, 0);
  if (bytes > mostBytes) return refuse(431, "fields-too-large", FIELD_MESSAGES["fields-too-large"]);
  const judged = judgeFields("2", joined);
  if (judged.kind === "refused") return judged;
  const { framing } = judged.fields;
  const isLength = framing.kind === "length";
  // RFC 9113 section 8.1.1: Content-Length is the sum of all DATA.
  if (endStream && isLength && framing.length > 0) return malformed("Content-Length, and no content");
  const fields: RequestFields =
    endStream || isLength ? judged.fields : { ...judged.fields, framing: { kind: "chunked" } };
  const said = fields.section.get("Priority");
  const priority = said === undefined ? DEFAULT_PRIORITY : parsePriority(said);
  return { kind: "section", section: { authority, fields, priority } };
}

/** Why fields, in a head or in trailers, are malformed. `raw`: name, value, name, value … */
export function fieldFault(raw: readonly string[]): string | undefined {
  for (let i = 0; i < raw.length; i += 2) {
    const [name = "", value = ""] = [raw[i], raw[i + 1]];
    if (!NAME.test(name)) return "a field's name is not a token in lower case";
    if (OF_CONNECTION.has(name)) return `the field ${name} belongs to a connection of HTTP/1.1`;
    if (!VALUE.test(value)) return `the value of ${name} has control characters, or space around it`;
    if (name === "te" && value !== "trailers") return "TE is not trailers";
  }
  return undefined;
}

/** RFC 9113 section 8.2.3: a client may cut its Cookie into pieces; for HTTP/1.1 they are one again. */
function withOneCookie(raw: readonly string[]): readonly string[] {
  const crumbs = raw.filter((_, i) => i % 2 === 1 && raw[i - 1] === "cookie");
  if (crumbs.length < 2) return raw;
  const first = raw.findIndex((name, i) => i % 2 === 0 && name === "cookie");
  const joined: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const [name = "", value = ""] = [raw[i], raw[i + 1]];
    if (name !== "cookie") joined.push(name, value);
    else if (i === first) joined.push(name, crumbs.join("; "));
  }
  return joined;
}

function isSameHost(authority: string, host: string): boolean {
  const [one, other] = [parseAuthority(authority), parseAuthority(host)];
  // What is no host at all is refused behind this, by the rules for Host.
  if (one === undefined || other === undefined) return authority === host;
  return one.host === other.host && one.port === other.port;
}

function malformed(why: string): { readonly kind: "malformed"; readonly why: string } {
  return { kind: "malformed", why };
}

function refuse(...because: Parameters<typeof refused>): {
  readonly kind: "refused";
  readonly refused: RefusedRequest;
} {
  return { kind: "refused", refused: refused(...because) };
}
