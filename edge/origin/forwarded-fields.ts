import { REQUEST_ID } from "../../http/access-log/request-id.ts";
import type { Fields } from "../../http/message/fields.ts";
import { isForgeable } from "../../http/message/forgeable-fields.ts";
import { endToEnd } from "../../http/message/hop-by-hop.ts";
import type { Scheme } from "../../http/message/scheme.ts";
import {
  parseTraceparent,
  TRACEPARENT,
  TRACESTATE,
  type TraceContext,
  traceparentOf,
} from "../../process/tracing/trace-context.ts";
import { PERSONAL_FIELDS } from "../rules/personal.ts";
import type { MatchedRules } from "../rules/site/matched-rules.ts";

// Read here, and not in the cache key: they ask this edge to have applied a purge first.
const READ_HERE: ReadonlySet<string> = new Set(["edgecache-after", "edgecache-peer", "edgecache-token"]);

// RFC 9110 section 13.1 and 14.2: the preconditions and the range are the client's business with the store;
// the store wants the whole response.
const ABOUT_PARTS = [
  "if-match",
  "if-none-match",
  "if-modified-since",
  "if-unmodified-since",
  "if-range",
  "range",
];
const NOT_FOR_FILLS: ReadonlySet<string> = new Set([...ABOUT_PARTS, "content-length"]);

/**
 * What an origin gets of a request whose answer may be shared: what browsers send of themselves, what HTTP itself
 * defines, and credentials, whose answers are shared only where the origin says so. None is in the cache key unless Vary
 * names it, so nothing is here that a page would be made of.
 */
const USUAL: ReadonlySet<string> = new Set([
  ...ABOUT_PARTS,
  ...PERSONAL_FIELDS,
  "accept",
  "accept-charset",
  "accept-datetime",
  "accept-encoding",
  "accept-language",
  "authorization",
  "cache-control",
  "cdn-loop",
  "content-length",
  "dnt",
  "from",
  "host",
  "origin",
  "pragma",
  "priority",
  "referer",
  "save-data",
  "sec-ch-ua",
  "sec-ch-ua-mobile",
  "sec-ch-ua-platform",
  "sec-fetch-dest",
  "sec-fetch-mode",
  "sec-fetch-site",
  "sec-fetch-user",
  "sec-gpc",
  "sec-purpose",
  "traceparent",
  "tracestate",
  "transfer-encoding",
  "upgrade-insecure-requests",
  "user-agent",
  "via",
]);

/** Of a POST, whose answer may be stored too: the fields about its content; and what is read here. */
const ABOUT_CONTENT = /^(?:content-.*|expect|edgecache-after|edgecache-peer|edgecache-token)$/;

/** How a request came to this edge. */
interface CameBy {
  readonly scheme: Scheme;
  /** The addresses it came by, the client's first; none for a request that the edge makes itself. */
  readonly addresses?: string | undefined;
  readonly matched?: Pick<MatchedRules, "authorization">;
  readonly requestId?: string | undefined;
  /** What the request to the origin is part of; undefined: there are no traces. */
  readonly trace?: TraceContext | undefined;
}

/** The fields that this edge sets itself. An HTTP origin also receives the client's host, see host-policy.ts. */
export function vouchedFor(fields: Fields, { scheme, addresses, matched, requestId, trace }: CameBy): Fields {
  const vouched: (readonly [string, string])[] = [["X-Forwarded-Proto", scheme]];
  if (addresses !== undefined) vouched.push(["X-Forwarded-For", addresses]);
  if (requestId !== undefined) vouched.push([REQUEST_ID, requestId]);
  if (trace !== undefined) vouched.push([TRACEPARENT, traceparentOf(trace)]);
  if (matched?.authorization !== undefined) vouched.push(["Authorization", matched.authorization]);
  const others = trace === undefined || isIn(trace, fields) ? fields : fields.without([TRACESTATE]);
  return others.without(vouched.map(([name]) => name)).plusAll(vouched);
}

/** W3C Trace Context section 3.3: what `tracestate` says is of the trace that `traceparent` beside it names. */
function isIn({ traceId }: TraceContext, fields: Fields): boolean {
  return parseTraceparent(fields.get(TRACEPARENT))?.traceId === traceId;
}

/**
 * The fields of a request that an origin may see where the answer may be shared. `more`: names in lower case that it
 * gets beside the usual ones, "*" for every field that no proxy would send.
 */
export function shareableFields(fields: Fields, more: ReadonlySet<string>): Fields {
  return fields.where((name) => isShareable(name, more));
}

/** Whether the field, `name` in lower case, is meant for this edge alone. */
export function isReadHere(name: string): boolean {
  return READ_HERE.has(name);
}

/** Whether the edge sends the field, `name` in lower case, to an origin when the answer may be shared. */
export function isShareable(name: string, more: ReadonlySet<string>): boolean {
  if (READ_HERE.has(name)) return false;
  return USUAL.has(name) || more.has(name) || (more.has("*") && !isForgeable(name));
}

/** Whether a request has none but the usual fields. Fields that only a proxy may set do not count: no origin gets them. */
export function hasOnlyUsual(fields: Fields, more: ReadonlySet<string>): boolean {
  return [...endToEnd(fields).names()].every(
    (name) =>
      isShareable(name, more) ||
      ABOUT_CONTENT.test(name) ||
      isForgeable(name) ||
      // It names the request. No page is made of it.
      name === REQUEST_ID.toLowerCase(),
  );
}

/** The request's fields as the origin gets them. `more`: names that it gets although a proxy might send them. */
export function fieldsForOrigin(fields: Fields, more: ReadonlySet<string>): Fields {
  return endToEnd(fields).where((name) => isForOrigin(name, more));
}

function isForOrigin(name: string, more: ReadonlySet<string>): boolean {
  // An HTTP origin adds the Host that its site wants.
  if (name === "host" || name === "expect" || READ_HERE.has(name)) return false;
  return !isForgeable(name) || more.has(name);
}

/** The request's fields as the origin gets them, for a whole response that can be stored. */
export function fieldsForFill(
  fields: Fields,
  validators: readonly (readonly [string, string])[],
  more: ReadonlySet<string>,
): Fields {
  let forwarded = endToEnd(fields).where((name) => isForOrigin(name, more) && !NOT_FOR_FILLS.has(name));
  for (const [name, value] of validators) forwarded = forwarded.with(name, value);
  return forwarded;
}
