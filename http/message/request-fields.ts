import { type Authority, authorityText, parseAuthority } from "./authority.ts";
import type { FieldLimits } from "./field-lines.ts";
import { Fields } from "./fields.ts";
import {
  type FramingFault,
  type HttpVersion,
  type RequestFraming,
  requestFraming,
} from "./message-framing.ts";
import { persists } from "./persistence.ts";
import { rawValues } from "./raw-fields.ts";
import { type RefusedRequest, refused } from "./refusal.ts";
import { namedProtocols } from "./upgrade.ts";

/** The meaning of the version and the fields of a request, for any method and target. Immutable. */
export interface RequestFields {
  readonly version: HttpVersion;
  /** name, value, name, value … in the client's order and case. */
  readonly raw: readonly string[];
  /** The same as a field section. */
  readonly section: Fields;
  /** The value of Host; undefined for an HTTP/1.0 request without it. */
  readonly authority: Authority | undefined;
  /** The same as text: in lower case, with its port when one is given. */
  readonly host: string | undefined;
  readonly framing: RequestFraming;
  /** Whether the client's connection stays open after the answer. */
  readonly persists: boolean;
  /** The protocols to which the client offers to change its connection, in lower case. */
  readonly offers: readonly string[];
  /** The client waits for 100 (Continue) before it sends the content. */
  readonly expectsContinue: boolean;
  /** An earlier section of the same connection that agrees with this one in all lines but those of `changed`. */
  readonly root?: RequestFields;
  /** The names of these lines, in lower case. */
  readonly changed?: ReadonlySet<string>;
}

/** The fields that decide all that stands above beside `raw` and `section`. */
export const JUDGED_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "transfer-encoding",
  "upgrade",
]);

export type FieldsVerdict =
  | { readonly kind: "fields"; readonly fields: RequestFields }
  | { readonly kind: "refused"; readonly refused: RefusedRequest };

export const REQUEST_FIELD_LIMITS: FieldLimits = { fields: 100, bytes: 8 * 1024 };

/** Refuses whatever two programs could read in two ways. The field lines are well-formed by now. */
export function judgeFields(version: HttpVersion, raw: readonly string[]): FieldsVerdict {
  const host = readHost(version, rawValues(raw, "host"));
  if (host.kind === "refused") return host;
  const framing = requestFraming(version, raw);
  if (typeof framing === "string") {
    const status = framing === "unknown-transfer-coding" ? 501 : 400;
    return { kind: "refused", refused: refused(status, framing, FRAMING_MESSAGES[framing]) };
  }
  // RFC 9110 section 10.1.1; HTTP/1.0 has no expectations.
  const expected = version === "1.0" ? "" : rawValues(raw, "expect").join().toLowerCase();
  if (expected !== "" && expected !== "100-continue") {
    const message = "the only expectation served here is 100-continue";
    return { kind: "refused", refused: refused(417, "expectation", message) };
  }
  const fields: RequestFields = {
    version,
    raw,
    section: Fields.ofRaw(raw),
    authority: host.authority,
    host: host.authority === undefined ? undefined : authorityText(host.authority),
    framing,
    persists: persists(version, raw),
    offers: namedProtocols(version, raw),
    expectsContinue: expected !== "",
  };
  return { kind: "fields", fields };
}

type HostRead =
  | { readonly kind: "host"; readonly authority: Authority | undefined }
  | { readonly kind: "refused"; readonly refused: RefusedRequest };

/** RFC 9112 section 3.2: 400 to more than one Host, to an invalid one, and to none in HTTP/1.1. */
function readHost(version: HttpVersion, [host, ...more]: readonly string[]): HostRead {
  const refuse = (detail: Parameters<typeof refused>[1], message: string): HostRead => ({
    kind: "refused",
    refused: refused(400, detail, message),
  });
  if (more.length > 0) return refuse("two-host-fields", "a request must have one Host field, got several");
  if (host === undefined) {
    return version === "1.0"
      ? { kind: "host", authority: undefined }
      : refuse("no-host", "a request must have a Host field");
  }
  const authority = parseAuthority(host);
  return authority === undefined
    ? refuse("malformed-host", "Host must be a host name or address")
    : { kind: "host", authority };
}

const FRAMING_MESSAGES: Readonly<Record<FramingFault, string>> = {
  "transfer-encoding-in-http-1.0": "HTTP/1.0 has no Transfer-Encoding",
  "length-and-transfer-encoding": "Content-Length and Transfer-Encoding exclude each other",
  "not-chunked": "chunked must be the last transfer coding, and only once",
  "unknown-transfer-coding": "the only transfer coding served here is chunked",
  "two-content-lengths": "a request must have one Content-Length, got several",
  "malformed-content-length": "Content-Length must be decimal digits",
};
