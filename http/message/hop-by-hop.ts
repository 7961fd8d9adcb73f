import { listMembers } from "./comma-list.ts";
import type { Fields } from "./fields.ts";
import { rawValues } from "./raw-fields.ts";

/** Of one connection only, whether or not Connection names them (RFC 9110 section 7.6.1). */
const HOP_BY_HOP = [
  "Connection",
  "Keep-Alive",
  "Proxy-Authenticate",
  "Proxy-Authentication-Info",
  "Proxy-Authorization",
  "Proxy-Connection",
  "TE",
  "Trailer",
  "Transfer-Encoding",
  "Upgrade",
];

/**
 * RFC 9110 section 7.6.1: a field meant for all recipients must not be a connection option. One that is listed
 * all the same stays: without it the message would mean something else to us and to those after us.
 */
const FOR_ALL_RECIPIENTS: ReadonlySet<string> = new Set([
  "age",
  "authorization",
  "cache-control",
  "cdn-cache-control",
  "content-encoding",
  "content-length",
  "content-location",
  "content-range",
  "content-type",
  "cookie",
  "date",
  "edgecache-cache-control",
  "etag",
  "expires",
  "host",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "last-modified",
  "location",
  "range",
  "set-cookie",
  "surrogate-control",
  "vary",
]);

const HOP_BY_HOP_NAMES: ReadonlySet<string> = new Set(HOP_BY_HOP.map((name) => name.toLowerCase()));

/** Without the fields that belong to the connection that the message came over. */
export function endToEnd(fields: Fields): Fields {
  return fields.withoutNamed(namesWith(fields.all("connection")));
}

/**
 * The names, in lower case, of the fields that belong to the connection: the same rule for name, value, name,
 * value …, for messages that pass by the thousand.
 */
export function connectionNames(raw: readonly string[]): ReadonlySet<string> {
  return namesWith(rawValues(raw, "connection"));
}

/** `options`: the values of Connection. */
function namesWith(options: readonly string[]): ReadonlySet<string> {
  let names: Set<string> | undefined;
  for (const value of options) {
    // What most messages say, and nothing that names a field.
    if (value === "keep-alive" || value === "close") continue;
    for (const listed of listMembers(value)) {
      const lower = listed.toLowerCase();
      if (HOP_BY_HOP_NAMES.has(lower) || FOR_ALL_RECIPIENTS.has(lower)) continue;
      names ??= new Set(HOP_BY_HOP_NAMES);
      names.add(lower);
    }
  }
  return names ?? HOP_BY_HOP_NAMES;
}
