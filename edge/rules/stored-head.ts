import type { Fields } from "../../http/message/fields.ts";

/** The request fields that Vary names (lower case) with the values they had, normalised; undefined: absent. */
export type Selecting = ReadonlyMap<string, string | undefined>;

/** What the rules need to know of any response: its status and its fields. */
export interface ResponseHead {
  readonly status: number;
  readonly fields: Fields;
}

/** What the rules need to know of a stored response. Times are wall-clock milliseconds. */
export interface StoredHead extends ResponseHead {
  /** When the request that it answered was sent. */
  readonly requestTime: number;
  /** When its fields arrived. */
  readonly responseTime: number;
  readonly selecting: Selecting;
  /** The method of the request that it answered. */
  readonly method: "GET" | "HEAD" | "POST";
  /** Whether that request carried Authorization. */
  readonly authorized: boolean;
}

/** What the rules need to know of a request. */
export interface CacheRequest {
  readonly method: string;
  /** Path with optional query, beginning with "/", byte for byte as received. */
  readonly target: string;
  readonly site: string;
  readonly fields: Fields;
}
