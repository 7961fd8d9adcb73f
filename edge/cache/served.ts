import type { Fields } from "../../http/message/fields.ts";
import type { Content } from "./content.ts";
import type { CacheOutcome } from "./outcome.ts";

/** An answer, decided and not yet written: what the client gets, and why. */
export interface Served {
  readonly status: number;
  /** End-to-end fields, before the edge adds its own. */
  readonly fields: Fields;
  readonly content: Content;
  readonly outcome: CacheOutcome;
  /** Seconds, where RFC 9111 section 5.1 asks for it: the answer was stored and not validated for this request. */
  readonly age?: number;
}
