import type { FieldFault } from "./field-lines.ts";
import type { FramingFault } from "./message-framing.ts";
import type { TargetFault } from "./request-target.ts";

/** Why a request is refused. */
export type Refusal =
  | "http-version"
  | "malformed-request-line"
  | "malformed-method"
  | "method-too-long"
  | "method-not-allowed"
  | "target-too-long"
  | "asterisk-form"
  | TargetFault
  | FieldFault
  | "no-host"
  | "two-host-fields"
  | "malformed-host"
  | "host-mismatch"
  | FramingFault
  | "expectation"
  /** It would change protocols, and has a body. */
  | "upgrade-with-body"
  /** RFC 8441: a protocol that no tunnel here carries. */
  | "unknown-protocol"
  /** Its client has as many requests under way as it may have. */
  | "client-requests"
  /** Part of a request did not arrive in time. */
  | "request-too-slow"
  /** A body whose chunks are malformed. */
  | "malformed-body";

/** A refusal, as it is answered. Then the connection is closed: the next request cannot be found with certainty. */
export interface RefusedRequest {
  readonly status: number;
  readonly detail: Refusal;
  readonly message: string;
  /** The value of Allow, with 405 (RFC 9110 section 15.5.6). */
  readonly allow?: string;
}

/** RFC 9110 section 15.5.9. */
export const FIELDS_TOO_SLOW: RefusedRequest = {
  status: 408,
  detail: "request-too-slow",
  message: "the request's fields did not arrive in time",
};

/** Where the body ends and the other protocol begins, two programs could see differently. */
export const UPGRADE_WITH_BODY: RefusedRequest = {
  status: 400,
  detail: "upgrade-with-body",
  message: "a request with Upgrade may have no body",
};

export const ALLOWED_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

export function refused(status: number, detail: Refusal, message: string): RefusedRequest {
  return { status, detail, message };
}
