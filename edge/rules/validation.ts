import { parseHttpDate } from "../../http/message/date.ts";
import type { Fields } from "../../http/message/fields.ts";
import { endToEnd } from "../../http/message/hop-by-hop.ts";
import { type EntityTag, parseEntityTag, someTag, strongMatch, weakMatch } from "./entity-tag.ts";
import type { CacheRequest, ResponseHead } from "./exchange.ts";
import { isForCache } from "./keyed-methods.ts";
import { strongModificationDate } from "./range.ts";
import { storedFields } from "./storable.ts";
import type { StoredHead } from "./stored-head.ts";

/**
 * The fields that ask the origin whether a stored response is still valid (RFC 9111 section 4.3.1): all of its
 * validators that are well-formed. Empty: it has none.
 */
export function conditionalFields(stored: StoredHead): readonly (readonly [string, string])[] {
  const conditions: [string, string][] = [];
  const fields = stored.fields.unpacked();
  const tag = fields.get("etag");
  if (tag !== undefined && stored.entityTag !== undefined) conditions.push(["If-None-Match", tag]);
  const modified = fields.get("last-modified");
  if (modified !== undefined && parseHttpDate(modified) !== undefined) {
    conditions.push(["If-Modified-Since", modified]);
  }
  return conditions;
}

/**
 * Whether a 304 tells this version from every later one. RFC 9110 section 8.8.2.2: a date does not, when the response
 * was made within its second. Without a validator there is no 304.
 */
export function tellsVersionsApart(stored: StoredHead): boolean {
  return (
    stored.entityTag !== undefined ||
    !stored.fields.has("last-modified") ||
    strongModificationDate(stored) !== undefined
  );
}

/**
 * Whether a 304 is about this stored response (RFC 9111 section 4.3.4). With a strong entity tag, only of the
 * same one; with weak validators, of one that they match. Without any, it answers the one condition we sent.
 */
export function matches304(stored: StoredHead, fields: Fields): boolean {
  const tag = parseEntityTag(fields.get("etag"));
  const storedTag = stored.entityTag;
  if (tag !== undefined) {
    if (tag.weak || strongMatch(tag, storedTag)) return weakMatch(tag, storedTag);
    // Some servers weaken the tag of a compressed response, but not the tag of its 304, which is not compressed.
    // A strong Last-Modified is a strong validator too, and one of them is enough.
    return weakMatch(tag, storedTag) && sameStrongDate(stored, fields);
  }
  const modified = fields.get("last-modified");
  return modified === undefined || modified === stored.fields.get("last-modified");
}

function sameStrongDate(stored: StoredHead, fields: Fields): boolean {
  const date = strongModificationDate(stored);
  return date !== undefined && date === strongModificationDate({ status: 304, fields });
}

/**
 * Fields that are never taken from a 304 or a HEAD response: the stored bytes depend on them (RFC 9111 section 3.2), and
 * that section excepts Content-Length. Content-Digest is about the content of the message, and these have none.
 */
const KEPT = ["Content-Length", "Content-Encoding", "Content-Range", "Content-Digest"];

/**
 * The stored fields, freshened by those of a 304 or a HEAD response (RFC 9111 section 3.2): each field that it
 * has replaces ours of that name.
 */
export function freshened(stored: StoredHead, newer: Fields): Fields {
  const kept = stored.entityTag === undefined ? KEPT : [...KEPT, "ETag"];
  // A cookie is for the client whose request brought it.
  const update = endToEnd(newer).without([...kept, "Set-Cookie"]);
  // Age and Date belong to the older answer. They would make the new one too old (RFC 9111 section 4.2.3).
  const fields = stored.fields.without([...update.names(), "Age", "Date"]).plusAll(update);
  // RFC 9111 section 3.1: a field that may not be stored is not updated either.
  return storedFields(fields);
}

/**
 * What a 200 to a HEAD says of a stored GET response that could have been chosen for it (RFC 9111 section
 * 4.3.5): "freshen" when validators and length agree, else it is no longer current.
 */
export function headUpdates(stored: StoredHead, headResponseFields: Fields): "freshen" | "invalidate" {
  for (const name of ["ETag", "Last-Modified", "Content-Length"]) {
    const received = headResponseFields.get(name);
    if (received !== undefined && received !== stored.fields.get(name)) return "invalidate";
  }
  return "freshen";
}

/**
 * The answer to a request's preconditions, in the order of RFC 9110 section 13.2.2. `entityTag` is that of the response,
 * where it has been parsed already.
 */
export function preconditions(
  request: CacheRequest,
  head: ResponseHead,
  entityTag = parseEntityTag(head.fields.get("etag")),
): "proceed" | "not-modified" | "precondition-failed" {
  // RFC 9110 section 13.2.1: only where the answer would otherwise be a success.
  if (head.status < 200 || head.status > 299) return "proceed";
  const reading = isForCache(request);
  const ifMatch = request.fields.get("if-match");
  if (ifMatch !== undefined) {
    if (!listed(ifMatch, entityTag, strongMatch)) return "precondition-failed";
  } else if (modifiedSince(request, "if-unmodified-since", head) === true) return "precondition-failed";
  const ifNoneMatch = request.fields.get("if-none-match");
  if (ifNoneMatch !== undefined) {
    if (!listed(ifNoneMatch, entityTag, weakMatch)) return "proceed";
    return reading ? "not-modified" : "precondition-failed";
  }
  return reading && modifiedSince(request, "if-modified-since", head) === false ? "not-modified" : "proceed";
}

/** RFC 9110 sections 13.1.1 and 13.1.2: "*" is any representation. */
function listed(value: string, current: EntityTag | undefined, matches: typeof weakMatch): boolean {
  if (value.trim() === "*") return true;
  return current !== undefined && someTag(value, (tag) => matches(tag, current));
}

/**
 * Whether the response is newer than the date in the request field; undefined when either is missing or
 * invalid (RFC 9110 sections 13.1.3 and 13.1.4). RFC 9111 section 4.3.2: without Last-Modified, by its Date.
 */
function modifiedSince(request: CacheRequest, name: string, head: ResponseHead): boolean | undefined {
  const since = parseHttpDate(request.fields.get(name) ?? "");
  if (since === undefined) return undefined;
  const lastModified = head.fields.get("last-modified") ?? head.fields.get("date");
  const modified = parseHttpDate(lastModified ?? "");
  return modified === undefined ? undefined : modified > since;
}
