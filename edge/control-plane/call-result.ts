import type { CallRefusal } from "../cache/call-refusals.ts";

/** What a call gets: its answer, or why it is not done. */
export type CallResult<T> = { readonly ok: true; readonly value: T } | CallFault;

export interface CallFault {
  readonly ok: false;
  readonly code: CallRefusal;
  /** Names the field or the thing, the rule and the value. */
  readonly message: string;
}

export function callFault(code: CallRefusal, message: string): CallFault {
  return { ok: false, code, message };
}

// A value is shown so that it can be found, not so that it fills the terminal.
const MOST_SHOWN = 100;

/** `rule` says what the field must be: "must be 0s to 60s". */
export function invalidArgument(field: string, rule: string, value: string): CallFault {
  return callFault("invalid-argument", breach(field, rule, value));
}

/** The sentence about a field that breaks a rule. */
export function breach(field: string, rule: string, value: string): string {
  const shown = value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}…` : value;
  return `${field}: ${rule}: got ${JSON.stringify(shown)}`;
}
