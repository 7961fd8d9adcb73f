import type { Fields } from "../../http/message/fields.ts";
import { endToEnd } from "../../http/message/hop-by-hop.ts";

/**
 * What a client is sent of a response's fields: those from end to end, without Surrogate-Control, which by its
 * definition (W3C Edge Architecture) is for the surrogate alone.
 */
export function clientFields(fields: Fields): Fields {
  return endToEnd(fields).without(["Surrogate-Control"]);
}
