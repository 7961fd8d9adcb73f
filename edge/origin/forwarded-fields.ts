import type { Fields } from "../../http/message/fields.ts";
import { withoutForgeable } from "../../http/message/forgeable-fields.ts";
import { endToEnd } from "../../http/message/hop-by-hop.ts";
import type { Scheme } from "../../http/message/scheme.ts";

// Read here, and not in the cache key: it asks this edge to have applied a purge first.
const READ_HERE = "EdgeCache-After";

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

/** How a request came to this edge. */
interface CameBy {
  readonly scheme: Scheme;
  /** The addresses it came by, the client's first; none for a request that the edge makes itself. */
  readonly addresses?: string;
}

/** What this edge vouches for. An HTTP origin is told of the client's host too, see host-policy.ts. */
export function vouchedFor(fields: Fields, { scheme, addresses }: CameBy): Fields {
  const vouched = fields.with("X-Forwarded-Proto", scheme);
  return addresses === undefined ? vouched : vouched.with("X-Forwarded-For", addresses);
}

/** The request's fields as the origin gets them, for an answer that is for this client only. */
export function fieldsForOrigin(fields: Fields): Fields {
  // An HTTP origin adds the Host that its site wants.
  return withoutForgeable(endToEnd(fields)).without([READ_HERE, "Host", "Expect"]);
}

/** The request's fields as the origin gets them, for a whole response that can be stored. */
export function fieldsForFill(fields: Fields, validators: readonly (readonly [string, string])[]): Fields {
  let forwarded = fieldsForOrigin(fields).without([...ABOUT_PARTS, "Content-Length"]);
  for (const [name, value] of validators) forwarded = forwarded.with(name, value);
  return forwarded;
}
