import { listMembers } from "./comma-list.ts";
import type { Fields } from "./fields.ts";

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

/** Without the fields that belong to the connection that the message came over. */
export function endToEnd(fields: Fields): Fields {
  const listed = fields
    .all("connection")
    .flatMap(listMembers)
    .filter((name) => !FOR_ALL_RECIPIENTS.has(name.toLowerCase()));
  return fields.without([...HOP_BY_HOP, ...listed]);
}
