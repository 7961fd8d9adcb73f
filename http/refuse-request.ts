import { type Authority, parseAuthority } from "./authority.ts";
import { listMembers } from "./comma-list.ts";
import { Fields } from "./fields.ts";
import { parseTarget, type RequestTarget, type TargetFault } from "./request-target.ts";

export { originForm } from "./request-target.ts";

/** The head of a request as the parser gives it. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  /** "1.1" */
  readonly httpVersion: string;
  /** name, value, name, value … as received. */
  readonly rawFields: readonly string[];
}

/** Why a request is refused. */
export type Refusal =
  | "http-version"
  | "malformed-method"
  | "method-not-allowed"
  | "target-too-long"
  | "asterisk-form"
  | TargetFault
  | "too-many-fields"
  | "fields-too-large"
  | "malformed-field"
  | "no-host"
  | "two-host-fields"
  | "malformed-host"
  | "host-mismatch"
  | "transfer-encoding-in-http-1.0"
  | "unknown-transfer-coding"
  | "not-chunked"
  | "length-and-transfer-encoding"
  | "two-content-lengths"
  | "malformed-content-length"
  | "expectation";

/** A refusal, as it is answered. The connection is closed after it: what follows cannot be trusted. */
export interface RefusedRequest {
  readonly status: number;
  readonly detail: Refusal;
  readonly message: string;
  /** The value of Allow, with 405 (RFC 9110 section 15.5.6). */
  readonly allow?: string;
}

const LONGEST_TARGET = 8 * 1024;
const MOST_FIELDS = 100;
const MOST_FIELD_BYTES = 8 * 1024;
/** The colon, the space and the line end of a field line. */
const LINE_OVERHEAD = 4;

/** PURGE and BAN are how other caches are purged; here purging is never possible on the data port. */
const NOT_ALLOWED: ReadonlySet<string> = new Set(["BAN", "CONNECT", "PURGE", "TRACE", "TRACK"]);
export const ALLOWED_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/**
 * What is wrong with a request, before anything is routed or looked up; undefined when nothing is. It refuses
 * whatever two programs could read in two ways.
 */
export function refuseRequest(head: RequestHead): RefusedRequest | undefined {
  const fields = Fields.ofRaw(head.rawFields);
  return (
    refuseLine(head) ??
    refuseSize(head.rawFields) ??
    refuseFields(fields) ??
    refuseTarget(head, fields) ??
    refuseFraming(head.httpVersion, fields) ??
    refuseExpectation(head.httpVersion, fields)
  );
}

/**
 * The host, with its port when one is given, that a request which was not refused is for, in lower case;
 * undefined for an HTTP/1.0 request without Host.
 */
export function authorityOf(head: RequestHead): string | undefined {
  const target = parseTarget(head.target);
  const named = typeof target === "string" ? undefined : target.absolute?.authority;
  const host = Fields.ofRaw(head.rawFields).get("host");
  const authority = named ?? (host === undefined ? undefined : parseAuthority(host));
  if (authority === undefined) return undefined;
  return authority.port === undefined ? authority.host : `${authority.host}:${authority.port}`;
}

function refused(status: number, detail: Refusal, message: string): RefusedRequest {
  return { status, detail, message };
}

function refuseLine({ method, target, httpVersion }: RequestHead): RefusedRequest | undefined {
  // RFC 9110 section 15.6.6.
  if (httpVersion !== "1.1" && httpVersion !== "1.0") {
    return refused(505, "http-version", `HTTP/${httpVersion} is not served here: use HTTP/1.1 or HTTP/1.0`);
  }
  if (!TOKEN.test(method)) return refused(400, "malformed-method", "the method is not a token");
  if (NOT_ALLOWED.has(method.toUpperCase())) {
    const message = `${method} is not allowed here`;
    return { ...refused(405, "method-not-allowed", message), allow: ALLOWED_METHODS };
  }
  if (target.length > LONGEST_TARGET) {
    return refused(
      414,
      "target-too-long",
      `the target may have ${LONGEST_TARGET} bytes, got ${target.length}`,
    );
  }
  // RFC 9112 section 3.2.4: OPTIONS of the server as a whole; we answer for resources only.
  if (method === "OPTIONS" && target === "*") {
    return refused(501, "asterisk-form", "OPTIONS * is not served here: name a resource");
  }
  return undefined;
}

function refuseSize(rawFields: readonly string[]): RefusedRequest | undefined {
  const count = rawFields.length / 2;
  if (count > MOST_FIELDS) {
    return refused(431, "too-many-fields", `a request may have ${MOST_FIELDS} fields, got ${count}`);
  }
  const bytes = rawFields.reduce((sum, text) => sum + text.length, count * LINE_OVERHEAD);
  if (bytes > MOST_FIELD_BYTES) {
    return refused(431, "fields-too-large", `the fields may have ${MOST_FIELD_BYTES} bytes, got ${bytes}`);
  }
  return undefined;
}

function refuseFields(fields: Fields): RefusedRequest | undefined {
  for (const [name, value] of fields) {
    // RFC 9110 sections 5.1 and 5.5; no control character but tab.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (!TOKEN.test(name) || /[\x00-\x08\x0a-\x1f\x7f]/.test(value)) {
      return refused(
        400,
        "malformed-field",
        "a field's name is not a token or its value has control characters",
      );
    }
  }
  return undefined;
}

const TARGET_MESSAGES: Readonly<Record<TargetFault, string>> = {
  "target-form": "the target must be a path or an http URL",
  "target-authority": "the target's host or port is malformed",
  "target-character": "the target may have printable ASCII only, and no backslash",
  "target-fragment": "the target may not have a fragment",
  "target-percent": "every % in the target must be followed by two hexadecimal digits",
  "target-control": "the target may not encode NUL, CR or LF",
};

function refuseTarget(head: RequestHead, fields: Fields): RefusedRequest | undefined {
  const target = parseTarget(head.target);
  if (typeof target === "string") return refused(400, target, TARGET_MESSAGES[target]);
  // RFC 9112 section 3.2: 400 to more than one Host, to an invalid one, and to none in HTTP/1.1.
  const [host, ...more] = fields.all("host");
  if (more.length > 0)
    return refused(400, "two-host-fields", "a request must have one Host field, got several");
  if (host === undefined) {
    return head.httpVersion === "1.0"
      ? undefined
      : refused(400, "no-host", "a request must have a Host field");
  }
  const authority = parseAuthority(host);
  if (authority === undefined) return refused(400, "malformed-host", "Host must be a host name or address");
  return sameAuthority(target, authority)
    ? undefined
    : refused(400, "host-mismatch", "the target and Host name different hosts");
}

/** RFC 9112 section 3.2.2 lets the target win; others look at Host, so the two must agree. */
function sameAuthority({ absolute }: RequestTarget, host: Authority): boolean {
  if (absolute === undefined) return true;
  const { authority, defaultPort } = absolute;
  return authority.host === host.host && (authority.port ?? defaultPort) === (host.port ?? defaultPort);
}

/** RFC 9112 section 6: where the request ends must be beyond doubt. */
function refuseFraming(httpVersion: string, fields: Fields): RefusedRequest | undefined {
  const lengths = fields.all("content-length");
  if (fields.has("transfer-encoding")) {
    // RFC 9112 section 6.1: HTTP/1.0 has no transfer codings.
    if (httpVersion === "1.0") {
      return refused(400, "transfer-encoding-in-http-1.0", "HTTP/1.0 has no Transfer-Encoding");
    }
    if (lengths.length > 0) {
      return refused(
        400,
        "length-and-transfer-encoding",
        "Content-Length and Transfer-Encoding exclude each other",
      );
    }
    return refuseCodings(fields.all("transfer-encoding").flatMap(listMembers));
  }
  if (lengths.length > 1) {
    return refused(400, "two-content-lengths", "a request must have one Content-Length, got several");
  }
  const [length] = lengths;
  // RFC 9110 section 8.6; fifteen digits are more than any body and are exact as a number.
  return length === undefined || /^[0-9]{1,15}$/.test(length)
    ? undefined
    : refused(400, "malformed-content-length", "Content-Length must be decimal digits");
}

function refuseCodings(codings: readonly string[]): RefusedRequest | undefined {
  const names = codings.map((coding) => coding.toLowerCase());
  // RFC 9112 section 6.3: without chunked, once and last, nobody knows where the content ends.
  if (names.at(-1) !== "chunked" || names.indexOf("chunked") !== names.length - 1) {
    return refused(400, "not-chunked", "chunked must be the last transfer coding, and only once");
  }
  return names.length === 1
    ? undefined
    : refused(501, "unknown-transfer-coding", "the only transfer coding served here is chunked");
}

/** RFC 9110 section 10.1.1; HTTP/1.0 has no expectations. */
function refuseExpectation(httpVersion: string, fields: Fields): RefusedRequest | undefined {
  const expected = fields.get("expect");
  if (expected === undefined || httpVersion === "1.0" || expected.toLowerCase() === "100-continue")
    return undefined;
  return refused(417, "expectation", "the only expectation served here is 100-continue");
}
