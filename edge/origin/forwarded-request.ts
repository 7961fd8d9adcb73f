import type { Fields } from "../../http/fields.ts";
import { endToEnd } from "../../http/hop-by-hop.ts";

// An origin may believe these, and they are not in the cache key: one client's copy could choose what the
// next client gets. The edge sets what it vouches for.
const FORGEABLE = [
  "EdgeCache-After",
  "Forwarded",
  "X-Forwarded-For",
  "X-Forwarded-Host",
  "X-Forwarded-Port",
  "X-Forwarded-Prefix",
  "X-Forwarded-Proto",
  "X-Forwarded-Scheme",
  "X-Forwarded-Server",
  "X-HTTP-Method",
  "X-HTTP-Method-Override",
  "X-Host",
  "X-Method-Override",
  "X-Original-Host",
  "X-Original-URL",
  "X-Real-IP",
  "X-Rewrite-URL",
];

// RFC 9110 section 13.1 and 14.2: the preconditions and the range are the client's business with the store;
// the store wants the whole response.
const ABOUT_PARTS = [
  "If-Match",
  "If-None-Match",
  "If-Modified-Since",
  "If-Unmodified-Since",
  "If-Range",
  "Range",
];

/** The request's fields as the origin gets them, for an answer that is for this client only. */
export function fieldsForOrigin(fields: Fields): Fields {
  // The Host that the origin gets is its own, never the client's: it is not in the cache key.
  return endToEnd(fields).without([...FORGEABLE, "Host", "Expect"]);
}

/** The request's fields as the origin gets them, for a whole response that can be stored. */
export function fieldsForFill(fields: Fields, validators: readonly (readonly [string, string])[]): Fields {
  let forwarded = fieldsForOrigin(fields).without([...ABOUT_PARTS, "Content-Length"]);
  for (const [name, value] of validators) forwarded = forwarded.with(name, value);
  return forwarded;
}
