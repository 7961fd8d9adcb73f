import type { Fields } from "../../http/message/fields.ts";
import { isToken } from "../../http/message/token.ts";

/** Whether a hit can send the stored fields as they are. */
export type SentFields =
  /** A hit sends them unchanged. The edge adds Age and its own fields. */
  | "as-stored"
  /** The same, with Content-Length beside them. */
  | "without-length"
  /** Some of them are replaced, left out or missing. */
  | "rewritten";

/** Fields that say something of another cache, or of a moment that has passed. An answer never has them as stored. */
const REPLACED: ReadonlySet<string> = new Set(["age", "cache-status", "x-cache"]);

// RFC 9110 section 5.5: tab, space, visible ASCII, and bytes over 0x7f.
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Whether a field can stand in a message at all. */
export function isSendable(name: string, value: string): boolean {
  return isToken(name) && FIELD_VALUE.test(value);
}

/** `length`: of the whole body, in bytes. */
export function sentFields(fields: Fields, length: number): SentFields {
  let lengths = 0;
  let isDated = false;
  const { raw, lower: names } = fields.unpacked();
  for (let line = 0; line < names.length; line += 1) {
    const name = raw[2 * line] ?? "";
    const value = raw[2 * line + 1] ?? "";
    const lower = names[line] ?? "";
    if (REPLACED.has(lower) || !isSendable(name, value)) return "rewritten";
    if (lower === "date") isDated = true;
    if (lower !== "content-length") continue;
    lengths += 1;
    if (value !== String(length)) return "rewritten";
  }
  if (!isDated || lengths > 1) return "rewritten";
  return lengths === 1 ? "as-stored" : "without-length";
}
