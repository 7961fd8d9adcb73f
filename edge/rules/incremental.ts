import { parseItem } from "structured-headers";
import type { Fields } from "../../http/message/fields.ts";

/** RFC 10036 section 3: the sender wants each part of the message to be passed on as it arrives. */
export function isIncremental(fields: Fields): boolean {
  const value = fields.get("incremental");
  if (value === undefined) return false;
  try {
    return parseItem(value)[0] === true;
  } catch {
    // RFC 9651 section 4.2: a field that does not parse is ignored.
    return false;
  }
}
