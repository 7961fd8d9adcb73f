/**
 * Compression dictionaries (RFC 9842), where the edge itself makes the difference of two versions of a URL: a client that
 * has the one names it by its hash, and gets of the other what is not in it.
 */
import type { Fields } from "../../http/message/fields.ts";
import type { Scheme } from "../../http/message/scheme.ts";

/** The dictionary that a client offers. */
export interface OfferedDictionary {
  /** SHA-256 of its bytes, in base64. */
  readonly hash: string;
  /** The origin of the page that asks, where it may read the answer only if Access-Control-Allow-Origin says so. */
  readonly reader: string | undefined;
}

/** RFC 9651 section 3.3.5: a Byte Sequence, of 32 bytes. */
const HASH = /^:([A-Za-z0-9+/]{43}=):$/;

/** undefined: the client offers none, or none that may be used for an answer to this request. */
export function offeredDictionary(fields: Fields, scheme: Scheme | undefined): OfferedDictionary | undefined {
  const hash = HASH.exec(fields.get("available-dictionary") ?? "")?.[1];
  // RFC 9842 section 8: in secure contexts only, because a proxy on the way may not know these codings.
  if (hash === undefined || scheme !== "https") return undefined;
  switch (readability(fields)) {
    case "readable":
      return { hash, reader: undefined };
    case "unreadable":
      return undefined;
    case "by-permission": {
      const reader = fields.get("origin");
      return reader === undefined ? undefined : { hash, reader };
    }
  }
}

/**
 * RFC 9842 section 9.3.3: whether the page that asks may read the answer. Of what it may not read, the length would tell
 * how much of it stands in the dictionary.
 */
function readability(fields: Fields): "readable" | "by-permission" | "unreadable" {
  const site = fields.get("sec-fetch-site") ?? "same-origin";
  const mode = fields.get("sec-fetch-mode") ?? "same-origin";
  if (site === "same-origin" || mode === "navigate" || mode === "same-origin") return "readable";
  return mode === "cors" ? "by-permission" : "unreadable";
}

/** The same with the response at hand: the fields that clients get. */
export function mayUseDictionary({ reader }: OfferedDictionary, response: Fields): boolean {
  if (reader === undefined) return true;
  const allowed = response.get("access-control-allow-origin");
  return allowed === "*" || allowed === reader;
}

// Characters of a URL that mean something else in a URL Pattern.
const PATTERN_SYNTAX = /[*+?:{}()\\]/g;
// RFC 9651 section 3.3.3: these are escaped in a String, which has visible ASCII characters and spaces only.
const STRING_SYNTAX = /["\\]/g;
const STRING = /^[\x20-\x7e]*$/;

/**
 * RFC 9842 section 2.1: the response is a dictionary for later responses of the same URL. A target without a query stands
 * for each query, as patterns have it. undefined: no pattern can say it.
 */
export function useAsDictionary(target: string): string | undefined {
  if (!STRING.test(target)) return undefined;
  const pattern = target.replace(PATTERN_SYNTAX, "\\$&");
  return `match="${pattern.replace(STRING_SYNTAX, "\\$&")}"`;
}

// Section 5: a frame that a decoder skips, of 32 bytes, which are the hash of the dictionary.
export const DCZ_HEAD: readonly number[] = [0x5e, 0x2a, 0x4d, 0x18, 0x20, 0x00, 0x00, 0x00];
const HASH_BYTES = 32;

/** The hash in the head of a body that is coded by dcz, in base64. */
export function hashInDcz(body: Uint8Array): string {
  const { buffer, byteOffset } = body;
  return Buffer.from(buffer, byteOffset + DCZ_HEAD.length, HASH_BYTES).toString("base64");
}
