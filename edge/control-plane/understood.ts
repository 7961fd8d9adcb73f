/** What a caller asked, if it can be understood. */
export type Understood<T> = { readonly ok: true; readonly value: T } | NotUnderstood;

export interface NotUnderstood {
  readonly ok: false;
  /** Names the field, the rule and the value. */
  readonly problem: string;
}

// A value is shown so that it can be found, not so that it fills the terminal.
const MOST_SHOWN = 100;

/** `rule` says what the field must be: "must be 0s to 60s". */
export function notUnderstood(field: string, rule: string, value: string): NotUnderstood {
  const shown = value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}…` : value;
  return { ok: false, problem: `${field}: ${rule}: got ${JSON.stringify(shown)}` };
}
