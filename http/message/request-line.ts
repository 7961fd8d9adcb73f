import type { Authority } from "./authority.ts";
import type { HttpVersion } from "./message-framing.ts";
import { ALLOWED_METHODS, type RefusedRequest, refused } from "./refusal.ts";
import { parseTarget, type TargetFault } from "./request-target.ts";
import { TCHAR } from "./token.ts";

/** A request line that we serve. */
export interface RequestLine {
  readonly method: string;
  /** As sent. */
  readonly target: string;
  readonly version: HttpVersion;
  /** The target's path and query, byte for byte. */
  readonly path: string;
  /** The authority of an absolute target, with the port that its scheme implies. */
  readonly absolute: { readonly authority: Authority; readonly defaultPort: number } | undefined;
}

export type LineVerdict =
  | { readonly kind: "line"; readonly line: RequestLine }
  | { readonly kind: "refused"; readonly refused: RefusedRequest };

export type LineRead =
  | { readonly kind: "incomplete" }
  /** `end`: behind its line end. */
  | { readonly kind: "line"; readonly line: RequestLine; readonly end: number }
  | { readonly kind: "refused"; readonly refused: RefusedRequest };

const LONGEST_METHOD = 64;
const LONGEST_TARGET = 8 * 1024;
const VERSION_END = " HTTP/1.1\r\n";

const TOKEN_START = new RegExp(`^${TCHAR}*`);
const VERSION = /^ HTTP\/([0-9]\.[0-9])\r\n$/;

/** Their names need no closer look. Any other token is served too. */
const WELL_KNOWN: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
/** PURGE and BAN are how other caches are purged; here purging is never possible on the data port. */
const NOT_ALLOWED: ReadonlySet<string> = new Set(["BAN", "CONNECT", "PURGE", "TRACE", "TRACK"]);

const INCOMPLETE: LineRead = { kind: "incomplete" };

/**
 * RFC 9112 section 3: reads a request line from text in which every char is one byte (latin1). It is refused as
 * soon as the part that has arrived cannot become one, and for the same reason in whatever pieces it arrives.
 */
export function readRequestLine(text: string, start: number): LineRead {
  const lineEnd = text.indexOf("\n", start);
  const bound = lineEnd < 0 ? text.length : lineEnd;
  const space = text.indexOf(" ", start);
  const methodEnd = space < 0 || space > bound ? bound : space;
  const method = text.slice(start, methodEnd);
  const fault = methodFault(method, methodEnd < text.length);
  if (fault !== undefined) return { kind: "refused", refused: fault };
  if (methodEnd === bound) return lineEnd < 0 ? INCOMPLETE : malformedLine();
  const targetEnd = text.indexOf(" ", methodEnd + 1);
  const cut = targetEnd < 0 || targetEnd > bound;
  const targetLength = (cut ? bound : targetEnd) - methodEnd - 1;
  if (targetLength > LONGEST_TARGET) return { kind: "refused", refused: targetTooLong() };
  if (lineEnd < 0) {
    return !cut && text.length - targetEnd >= VERSION_END.length ? malformedLine() : INCOMPLETE;
  }
  if (cut) return malformedLine();
  // RFC 9112 section 3: exactly one space before the version, and section 2.2: CRLF behind it.
  const versionText = text.slice(targetEnd, lineEnd + 1);
  const version = versionText === VERSION_END ? "1.1" : VERSION.exec(versionText)?.[1];
  if (version === undefined) return malformedLine();
  const verdict = judgeLine(method, text.slice(methodEnd + 1, targetEnd), version);
  return verdict.kind === "refused" ? verdict : { kind: "line", line: verdict.line, end: lineEnd + 1 };
}

/** The rules for a request line whose parts are known. `version`: "1.1" */
export function judgeLine(method: string, target: string, version: string): LineVerdict {
  const refuse = (because: RefusedRequest): LineVerdict => ({ kind: "refused", refused: because });
  // RFC 9110 section 15.6.6.
  if (version !== "1.1" && version !== "1.0") {
    const message = `HTTP/${version} is not served here: use HTTP/1.1 or HTTP/1.0`;
    return refuse(refused(505, "http-version", message));
  }
  const fault = methodFault(method, true);
  if (fault !== undefined) return refuse(fault);
  if (!WELL_KNOWN.has(method) && NOT_ALLOWED.has(method.toUpperCase())) {
    const message = `${method} is not allowed here`;
    return refuse({ ...refused(405, "method-not-allowed", message), allow: ALLOWED_METHODS });
  }
  if (target.length > LONGEST_TARGET) return refuse(targetTooLong());
  // RFC 9112 section 3.2.4: OPTIONS of the server as a whole; we answer for resources only.
  if (method === "OPTIONS" && target === "*") {
    return refuse(refused(501, "asterisk-form", "OPTIONS * is not served here: name a resource"));
  }
  const parsed = parseTarget(target);
  if (typeof parsed === "string") return refuse(refused(400, parsed, TARGET_MESSAGES[parsed]));
  const { path, absolute } = parsed;
  return { kind: "line", line: { method, target, version, path, absolute } };
}

/** RFC 9112 section 3.2.2 lets the target win; others look at Host, so the two must agree. */
export function refuseOtherHost(
  { absolute }: RequestLine,
  host: Authority | undefined,
): RefusedRequest | undefined {
  if (absolute === undefined || host === undefined) return undefined;
  const { authority, defaultPort } = absolute;
  const agree =
    authority.host === host.host && (authority.port ?? defaultPort) === (host.port ?? defaultPort);
  return agree ? undefined : refused(400, "host-mismatch", "the target and Host name different hosts");
}

/** Looks at the beginning of a method too, so that a client of another protocol is refused at once. */
function methodFault(method: string, isWhole: boolean): RefusedRequest | undefined {
  // Most are GET, for which no hash is needed.
  if (method === "GET" || WELL_KNOWN.has(method)) return undefined;
  const length = TOKEN_START.exec(method)?.[0].length ?? 0;
  // RFC 9112 section 3: 501 to a method longer than any that is known.
  if (length > LONGEST_METHOD) {
    return refused(501, "method-too-long", `a method may have ${LONGEST_METHOD} characters`);
  }
  const fits = length === method.length && (length > 0 || !isWhole);
  return fits ? undefined : refused(400, "malformed-method", "the method is not a token");
}

function malformedLine(): LineRead {
  const message =
    "the request line must be a method, a target and a version, with one space between them, and CRLF";
  return { kind: "refused", refused: refused(400, "malformed-request-line", message) };
}

function targetTooLong(): RefusedRequest {
  return refused(414, "target-too-long", `the target may have ${LONGEST_TARGET} bytes`);
}

const TARGET_MESSAGES: Readonly<Record<TargetFault, string>> = {
  "target-form": "the target must be a path or an http URL",
  "target-authority": "the target's host or port is malformed",
  "target-character": "the target may have printable ASCII only, and no backslash",
  "target-fragment": "the target may not have a fragment",
  "target-percent": "every % in the target must be followed by two hexadecimal digits",
  "target-control": "the target may not encode NUL, CR or LF",
};
