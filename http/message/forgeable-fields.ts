import type { Fields } from "./fields.ts";

// Servers behind believe these of a proxy in front, so what a client says in them is a forgery. They are not in the
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

/** What a client may say to a server behind a proxy. The proxy itself adds what it vouches for. */
export function withoutForgeable(fields: Fields): Fields {
  const forwarded = [...fields.names()].filter((name) => name.toLowerCase().startsWith(FORGEABLE_PREFIX));
  return fields.without([...FORGEABLE, ...forwarded]);
}
