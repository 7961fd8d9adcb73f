import type { Fields } from "../../http/message/fields.ts";
import type { NotStored } from "../rules/not-stored.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import type { Content } from "./content.ts";
import type { Seat, SharedBody } from "./shared-body.ts";

/** What one fetch from the origin brought. */
export type Filled =
  /** A whole response that may be stored: it serves every waiter that it fits, as it arrives. */
  | {
      readonly kind: "shared";
      readonly response: StoredResponse;
      /** The fields as the one who started the fill gets them: what may not be stored is among them. */
      readonly ownFields: Fields;
      readonly body: SharedBody;
      /** The place of the request that started the fill; every other takes its own. */
      readonly starter: Seat;
      readonly length: number | undefined;
    }
  /** The stored response still holds (304); what is not `kept` so is for the request that asked only. */
  | { readonly kind: "validated"; readonly response: StoredResponse; readonly kept: boolean }
  /** For the request that asked, and for no other. */
  | Own;

export interface Own {
  readonly kind: "own";
  readonly status: number;
  readonly fields: Fields;
  readonly content: Content;
  /** Why it is not stored; undefined when the request passed the cache by. */
  readonly detail: NotStored | undefined;
}
