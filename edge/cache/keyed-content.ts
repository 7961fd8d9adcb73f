import { hash } from "node:crypto";
import type { Fields } from "../../http/message/fields.ts";
import type { KeyedContent } from "../rules/exchange.ts";
import { KEYED_FIELDS } from "../rules/keyed-methods.ts";

/**
 * RFC 10008 section 2.7: the key of a QUERY has the request's content and its metadata. A cache may leave out differences
 * that mean nothing. This one leaves out none: what looks alike to a cache may not be alike to an origin, and then one
 * client would choose what another one gets.
 */
export function keyedContent(method: string, fields: Fields, bytes: Uint8Array): KeyedContent {
  const metadata = [...KEYED_FIELDS].map((name) => fields.all(name));
  // JSON has no line end, so no metadata can pass for content.
  const all = Buffer.concat([Buffer.from(`${JSON.stringify(metadata)}\n`), bytes]);
  return { name: `${method}/${hash("sha256", all, "base64url")}`, bytes };
}
