/** Why a call that was understood is not done. */
export type RefusalReason =
  /** It changes state, and did not come with the token. */
  | "unauthenticated"
  /** Too many came in a short time; the same call is welcome later. */
  | "exhausted"
  /** What it names is not known here. */
  | "not-found"
  /** It would break a promise as things stand now. */
  | "not-now";

/** A call that is not done. */
export interface Refused {
  readonly ok: false;
  readonly reason: RefusalReason;
  /** Names the field or the thing, the rule and the value. */
  readonly problem: string;
}

export function refused(reason: RefusalReason, problem: string): Refused {
  return { ok: false, reason, problem };
}
