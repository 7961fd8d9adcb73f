import { parseHttpDate } from "../../http/message/date.ts";
import type { Fields } from "../../http/message/fields.ts";
import { type CompressRules, codingsBy, DELTA, isCompressible, withVary } from "./compression.ts";
import { acceptedForms } from "./content-coding.ts";
import { offeredDictionary, useAsDictionary } from "./dictionary.ts";
import type { CacheRequest, Negotiation, ResponseHead } from "./exchange.ts";
import { withOriginTags } from "./form-choice.ts";
import type { StoredHead } from "./stored-head.ts";

/** undefined: the edge does not compress what the request asks for, so the origin and the client negotiate. */
export function negotiationOf(
  { fields, matched, scheme }: Pick<CacheRequest, "fields" | "matched" | "scheme">,
  rules: CompressRules,
): Negotiation | undefined {
  const codings = matched === undefined ? rules.codings : codingsBy(rules, matched);
  if (codings.length === 0) return undefined;
  const acceptEncoding = fields.get("accept-encoding");
  if (matched?.byPrevious !== true) return { acceptEncoding, forms: acceptedForms(acceptEncoding, codings) };
  const dictionary = offeredDictionary(fields, scheme);
  const forms = acceptedForms(acceptEncoding, dictionary === undefined ? codings : [DELTA, ...codings]);
  return { acceptEncoding, forms, byPrevious: true, dictionary };
}

/**
 * The request as the cache sees it: like every other client's, it is for identity, which is what the edge stores and
 * validates. So Vary: Accept-Encoding makes no variants, and Available-Dictionary none where the edge makes the deltas.
 */
export function negotiated<R extends CacheRequest>(request: R, rules: CompressRules): R {
  const negotiation = negotiationOf(request, rules);
  if (negotiation === undefined) return request;
  const fields = withoutVagueRange(request.fields, negotiation).with("Accept-Encoding", "identity");
  const own =
    negotiation.byPrevious === true ? fields.without(["Available-Dictionary", "Dictionary-ID"]) : fields;
  return { ...request, fields: own, negotiation };
}

/**
 * The request as the client sent it, for an answer that is its own. If-Match may name a form that this edge has made,
 * of which the origin knows nothing.
 */
export function forOrigin<R extends CacheRequest>(
  request: R,
  stored: readonly Pick<StoredHead, "entityTag">[] = [],
): R {
  const { negotiation } = request;
  if (negotiation === undefined) return request;
  const { acceptEncoding } = negotiation;
  const plain = request.fields.without(["Accept-Encoding"]);
  const fields = acceptEncoding === undefined ? plain : plain.plus("Accept-Encoding", acceptEncoding);
  const ifMatch = fields.get("If-Match");
  const tags = stored.map(({ entityTag }) => entityTag);
  return {
    ...request,
    fields: ifMatch === undefined ? fields : fields.with("If-Match", withOriginTags(ifMatch, tags)),
  };
}

/** The fields of an answer of the origin, with Vary where the edge may encode it, and as a dictionary for the next version. */
export function offeredFields(
  { status, fields }: ResponseHead,
  rules: CompressRules,
  target: string,
): Fields {
  const length = Number(fields.get("content-length") ?? rules.minSize);
  if (status !== 200 && status !== 206) return fields;
  if (!isCompressible(fields.without(["Content-Range"]), status === 206 ? rules.minSize : length, rules))
    return fields;
  if (rules.byPrevious !== true) return withVary(fields, ["Accept-Encoding"]);
  const varied = withVary(fields, ["Accept-Encoding", "Available-Dictionary"]);
  const use = useAsDictionary(target);
  return use === undefined || varied.has("Use-As-Dictionary")
    ? varied
    : varied.plus("Use-As-Dictionary", use);
}

/**
 * RFC 9110 section 13.1.5: a range is wanted of the very bytes that the client has part of. A date does not tell in
 * which form it has them, so the range is ignored for a client that accepts several forms.
 */
export function withoutVagueRange(fields: Fields, { forms }: Negotiation): Fields {
  const since = fields.get("if-range");
  if (since === undefined || forms.every((form) => form === "identity")) return fields;
  return parseHttpDate(since) === undefined ? fields : fields.without(["Range", "If-Range"]);
}
