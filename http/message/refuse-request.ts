import { authorityText, parseAuthority } from "./authority.ts";
import { FIELD_MESSAGES } from "./field-lines.ts";
import { rawValues } from "./raw-fields.ts";
import { type RefusedRequest, refused } from "./refusal.ts";
import { judgeFields, REQUEST_FIELD_LIMITS } from "./request-fields.ts";
import { judgeLine, refuseOtherHost } from "./request-line.ts";
import { parseTarget } from "./request-target.ts";

export { ALLOWED_METHODS } from "./refusal.ts";
export { originForm } from "./request-target.ts";

/** The head of a request as another parser gives it. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  /** "1.1" */
  readonly httpVersion: string;
  /** name, value, name, value … as received. */
  readonly rawFields: readonly string[];
}

/** The colon, the space and the line end of a field line. */
const LINE_OVERHEAD = 4;

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/**
 * What is wrong with a request, before anything is routed or looked up; undefined when nothing is. It refuses
 * whatever two programs could read in two ways.
 */
export function refuseRequest(head: RequestHead): RefusedRequest | undefined {
  const { method, target, httpVersion, rawFields } = head;
  const line = judgeLine(method, target, httpVersion);
  if (line.kind === "refused") return line.refused;
  const malformed = refuseSize(rawFields) ?? refuseFields(rawFields);
  if (malformed !== undefined) return malformed;
  const fields = judgeFields(line.line.version, rawFields);
  return fields.kind === "refused" ? fields.refused : refuseOtherHost(line.line, fields.fields.authority);
}

/**
 * The host, with its port when one is given, that a request which was not refused is for, in lower case;
 * undefined for an HTTP/1.0 request without Host.
 */
export function authorityOf(head: RequestHead): string | undefined {
  const target = parseTarget(head.target);
  const named = typeof target === "string" ? undefined : target.absolute?.authority;
  const [host] = rawValues(head.rawFields, "host");
  const authority = named ?? (host === undefined ? undefined : parseAuthority(host));
  return authority === undefined ? undefined : authorityText(authority);
}

function refuseSize(rawFields: readonly string[]): RefusedRequest | undefined {
  const { fields, bytes } = REQUEST_FIELD_LIMITS;
  const count = rawFields.length / 2;
  if (count > fields) {
    return refused(431, "too-many-fields", `a request may have ${fields} fields, got ${count}`);
  }
  const got = rawFields.reduce((sum, text) => sum + text.length, count * LINE_OVERHEAD);
  return got > bytes
    ? refused(431, "fields-too-large", `the fields may have ${bytes} bytes, got ${got}`)
    : undefined;
}

function refuseFields(rawFields: readonly string[]): RefusedRequest | undefined {
  for (let at = 0; at < rawFields.length; at += 2) {
    // RFC 9110 sections 5.1 and 5.5; no control character but tab.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (!TOKEN.test(rawFields[at] ?? "") || /[\x00-\x08\x0a-\x1f\x7f]/.test(rawFields[at + 1] ?? "")) {
      return refused(400, "malformed-field", FIELD_MESSAGES["malformed-field"]);
    }
  }
  return undefined;
}
