import { listMembers } from "../../http/message/comma-list.ts";
import type { Fields } from "../../http/message/fields.ts";
import { type Directive, parseDirectives } from "./directives.ts";
import type { CompressAction } from "./site/site-rule.ts";

/** The content codings that this edge makes (RFC 8878, RFC 7932, RFC 9110 section 8.4.1.3). */
export const contentCodings = ["zstd", "br", "gzip"] as const;
export type ContentCoding = (typeof contentCodings)[number];

/** By the previous version of the same URL as its dictionary: zstd in a frame that names it (RFC 9842 section 5). */
export const DELTA = "dcz" as const;

/** How the body of an answer is coded, where it is this edge that codes it. */
export type Form = ContentCoding | typeof DELTA | "identity";

/** The encoded bodies that a response may have, in the order in which they are kept. */
export const encodingNames = ["zstd", "br", "gzip", "br-11", DELTA] as const;
export type EncodingName = (typeof encodingNames)[number];

/** What Content-Encoding says of it. */
export function codingOf(name: EncodingName): ContentCoding | typeof DELTA {
  return name === "br-11" ? "br" : name;
}

/** An operator's choice of what the edge compresses. */
export interface CompressRules {
  /** In the order in which the edge prefers them where the client has no preference. None: it compresses nothing. */
  readonly codings: readonly ContentCoding[];
  /** Media types in lower case: "a/b", "a/*", or "+b" for a structured syntax suffix (RFC 6839). */
  readonly types: readonly string[];
  /** Bytes of the smallest body that is compressed. */
  readonly minSize: number;
  /** Whether the previous version of a response is a dictionary for it. */
  readonly byPrevious?: boolean;
}

/** What rules say of it, for a request or a response. */
export interface RuledCompression {
  readonly compress?: CompressAction | undefined;
  readonly byPrevious?: boolean;
}

/** The choice for responses of which rules say this. */
export function compressedBy(rules: CompressRules, said: RuledCompression): CompressRules {
  const { compress, byPrevious = false } = said;
  if (compress === undefined && !byPrevious) return rules;
  return { ...rules, codings: codingsBy(rules, said), byPrevious };
}

/** A site that compresses nothing by itself has no order of its own. */
export function codingsBy(
  { codings }: CompressRules,
  { compress, byPrevious }: RuledCompression,
): readonly ContentCoding[] {
  const said = compress ?? (byPrevious === true ? true : undefined);
  if (said === undefined) return codings;
  if (said === true) return codings.length === 0 ? contentCodings : codings;
  return said === false ? [] : said;
}

/** Types that shrink. Pictures, sound, films and WOFF fonts have been compressed already. */
const TYPES = [
  "text/*",
  "+json",
  "+xml",
  "application/json",
  "application/javascript",
  "application/x-javascript",
  "application/xml",
  "application/wasm",
  "application/x-ndjson",
  "font/otf",
  "font/ttf",
  "image/bmp",
];

/** The origin says how its responses are coded. A smaller body than the least one saves no packet. */
export const NO_COMPRESSION: CompressRules = { codings: [], types: TYPES, minSize: 1024 };

/**
 * Fields that make a statement about the very bytes (RFC 9530, RFC 1864, RFC 9421), or that the edge must not change: a
 * body that it has not seen uncoded, a part, and one that sets a cookie.
 */
const HANDS_OFF = [
  "Content-Encoding",
  "Content-Range",
  "Content-Digest",
  "Repr-Digest",
  "Digest",
  "Content-MD5",
  "Signature-Input",
  "Set-Cookie",
];

/** Whether the edge may encode a whole response with these fields. `length`: of its body, if that is known. */
export function isCompressible(fields: Fields, length: number | undefined, rules: CompressRules): boolean {
  if (rules.codings.length === 0 || (length !== undefined && length < rules.minSize)) return false;
  if (HANDS_OFF.some((name) => fields.has(name))) return false;
  if (!isOfTypes(fields.get("Content-Type"), rules.types)) return false;
  return !CACHE_FIELDS.some((name) => parseDirectives(fields.all(name)).some(isNoTransform));
}

const CACHE_FIELDS = ["Cache-Control", "CDN-Cache-Control", "EdgeCache-Cache-Control", "Surrogate-Control"];

/** RFC 9111 section 5.2.2.6. */
function isNoTransform({ name }: Directive): boolean {
  return name === "no-transform";
}

function isOfTypes(value: string | undefined, types: readonly string[]): boolean {
  const type = value?.split(";", 1)[0]?.trim().toLowerCase();
  if (type === undefined || !type.includes("/")) return false;
  return types.some((each) => {
    if (each.startsWith("+")) return type.endsWith(each);
    return each.endsWith("/*") ? type.startsWith(each.slice(0, -1)) : type === each;
  });
}

/** RFC 9110 section 12.5.5: what the answer depends on, on every answer of a URL that has encodings. */
export function withVary(fields: Fields, needed: readonly string[]): Fields {
  const names = fields.all("Vary").flatMap(listMembers);
  const lower = new Set(names.map((name) => name.toLowerCase()));
  const missing = needed.filter((name) => !lower.has(name.toLowerCase()));
  if (lower.has("*") || missing.length === 0) return fields;
  return fields.with("Vary", [...names, ...missing].join(", "));
}
