import { listMembers } from "../../http/message/comma-list.ts";
import type { Fields } from "../../http/message/fields.ts";
import { DELTA, type Form } from "./compression.ts";
import type { CacheRequest, Selecting } from "./exchange.ts";
import { weighted } from "./weight.ts";

/** Content codings that clients know (RFC 9110 section 8.4.1, RFC 7932, RFC 8878, RFC 9842). The edge assumes that no client accepts another one. */
const KNOWN: ReadonlySet<string> = new Set(["br", "compress", "dcb", "dcz", "deflate", "gzip", "zstd"]);

/** The known codings of a response, in lower case; none for one that is as it is. */
export function codingsOf(fields: Fields): readonly string[] {
  return fields
    .all("content-encoding")
    .flatMap(listMembers)
    .map(plainName)
    .filter((coding) => KNOWN.has(coding));
}

/**
 * Whether a client accepts the codings in which the origin has sent a response. Vary tells that where it names
 * Accept-Encoding, except when the edge asks the origin for identity in the place of its clients.
 */
export function isReadableTo(
  { fields, negotiation }: CacheRequest,
  { selecting, codings }: { readonly selecting: Selecting; readonly codings: readonly string[] },
): boolean {
  if (codings.length === 0) return true;
  if (negotiation !== undefined) return acceptsCodings(negotiation.acceptEncoding, codings);
  return selecting.has("accept-encoding") || acceptsCodings(fields.get("accept-encoding"), codings);
}

/**
 * RFC 9110 section 12.5.3: whether a request accepts all of these codings. One without Accept-Encoding would accept any,
 * but the clients that send none are mostly those that cannot decode: they count as accepting none.
 */
export function acceptsCodings(acceptEncoding: string | undefined, codings: readonly string[]): boolean {
  if (codings.length === 0) return true;
  const weights = weightsIn(acceptEncoding);
  return codings.every((coding) => (weights.get(coding) ?? weights.get("*") ?? 0) > 0);
}

function weightsIn(acceptEncoding = ""): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const member of listMembers(acceptEncoding)) {
    const { range, weight } = weighted(member);
    weights.set(plainName(range), weight);
  }
  return weights;
}

/**
 * The forms that a client accepts, the best first (RFC 9110 section 12.5.3): by their weights, equal ones as `preferred`
 * has them. Identity is acceptable unless it is excluded, and comes last unless it is named. There are few such lists,
 * however many values clients send.
 */
export function acceptedForms(
  acceptEncoding: string | undefined,
  preferred: readonly Exclude<Form, "identity">[],
): readonly Form[] {
  const weights = weightsIn(acceptEncoding);
  const others = weights.get("*");
  const unnamed = (form: Form): number => {
    if (form === "identity") return others === 0 ? 0 : LEAST;
    // A client that has a dictionary names the codings that use it.
    return form === DELTA ? 0 : (others ?? 0);
  };
  const weightOf = (form: Form): number => weights.get(form) ?? unnamed(form);
  return [...preferred, "identity" as const]
    .filter((form) => weightOf(form) > 0)
    .sort((a, b) => weightOf(b) - weightOf(a));
}

// RFC 9110 section 12.4.2: a weight has three digits at most.
const LEAST = 0.0001;

/** RFC 9110 section 8.4.1: "x-gzip" is "gzip", "x-compress" is "compress". */
function plainName(coding: string): string {
  return coding.toLowerCase().replace(/^x-(?=gzip$|compress$)/, "");
}
