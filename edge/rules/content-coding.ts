import { listMembers } from "../../http/message/comma-list.ts";
import type { Fields } from "../../http/message/fields.ts";
import { weighted } from "./vary.ts";

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
 * RFC 9110 section 12.5.3: whether a request accepts all of these codings. One without Accept-Encoding would accept any,
 * but the clients that send none are mostly those that cannot decode: they count as accepting none.
 */
export function acceptsCodings(request: Fields, codings: readonly string[]): boolean {
  if (codings.length === 0) return true;
  const weights = new Map<string, number>();
  for (const member of request.all("accept-encoding").flatMap(listMembers)) {
    const { range, weight } = weighted(member);
    weights.set(plainName(range), weight);
  }
  return codings.every((coding) => (weights.get(coding) ?? weights.get("*") ?? 0) > 0);
}

/** RFC 9110 section 8.4.1: "x-gzip" is "gzip", "x-compress" is "compress". */
function plainName(coding: string): string {
  return coding.toLowerCase().replace(/^x-(?=gzip$|compress$)/, "");
}
