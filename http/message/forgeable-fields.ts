import type { Fields } from "./fields.ts";

// Servers believe these fields when a proxy sends them, so a client that sends them forges. They are not in the
// cache key either: one client's copy could choose what the next client gets.
const FORGEABLE = [
  "client-ip",
  "forwarded",
  "true-client-ip",
  "x-host",
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
  "x-original-host",
  "x-original-url",
  "x-real-ip",
  "x-rewrite-url",
];
const FORGEABLE_PREFIX = "x-forwarded-";

/** The fields that a client may send to a server behind a proxy. The proxy adds those that it vouches for. */
export function withoutForgeable(fields: Fields): Fields {
  const forwarded = [...fields.names()].filter((name) => name.toLowerCase().startsWith(FORGEABLE_PREFIX));
  return fields.without([...FORGEABLE, ...forwarded]);
}
