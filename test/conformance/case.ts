/** A field's value: text, or a date in seconds from the moment it is sent, or from the beginning of the case. */
export type Value = string | number | SinceStart;

export interface SinceStart {
  readonly sinceStart: number;
  /** RFC 9110 section 5.6.7: the obsolete form, with a two-digit year. */
  readonly rfc850?: true;
}

/** "{path}" in a value stands for the path of the case. "may-change": a cache need not pass it on as it is. */
export type FieldLine =
  | readonly [name: string, value: Value]
  | readonly [name: string, value: Value, "may-change"];

/** What the client sends: a GET unless told otherwise. */
export interface Asking {
  readonly method?: string;
  readonly fields?: readonly FieldLine[];
  readonly body?: string;
  /** After the path of the case: a query or a sub-path. */
  readonly target?: string;
}

/** What the origin answers: 200, a Date, a Content-Type and the body of the case unless told otherwise. */
export interface Reply {
  readonly status?: number;
  readonly fields?: readonly FieldLine[];
  readonly body?: string;
  /** Sent before it. */
  readonly interim?: readonly Interim[];
  /** Answered with 304 to a request that carries this field with this value, and with 200 to any other. */
  readonly notModifiedIf?: readonly [name: string, value: Value];
  /** Seconds that pass before it is sent. */
  readonly delay?: number;
  /** The connection is closed behind it, as the end of a body that no length tells. */
  readonly closes?: true;
}

export interface Interim {
  readonly status: 102 | 103;
  readonly fields?: Readonly<Record<string, string>>;
}

/** Where an answer comes from. "validation": the origin was asked with a condition, and answered 304. */
export type Source = "cache" | "origin" | "validation";

export interface Expectation {
  readonly from?: Source;
  /** The origin is asked too: behind an answer that comes from the cache, or before it and in vain. */
  readonly alsoAsked?: true;
  /** The status of the scripted reply, else 200, unless told otherwise. */
  readonly status?: number | "any";
  readonly body?: string | "any";
  readonly fields?: readonly FieldLine[];
  readonly present?: readonly string[];
  /** Fields that are absent; with a value, only not this value. */
  readonly absent?: readonly (string | readonly [name: string, value: string])[];
  /** A field whose number is greater than this. */
  readonly above?: readonly [name: string, least: number];
  readonly interim?: readonly Interim[];
  /** What the origin's request must have had, and must not have had. */
  readonly sent?: readonly FieldLine[];
  readonly notSent?: readonly string[];
  readonly sentMethod?: string;
}

export interface Exchange {
  readonly request?: Asking;
  readonly reply?: Reply | "disconnect";
  readonly expect?: Expectation;
  /** Seconds by which the clock moves on afterwards. */
  readonly pause?: number;
}

/**
 * As the public comparison of HTTP caches has it. required: the RFC demands it. optimal: it allows it, and a good
 * cache does it. check: left to us, and what we chose. ours: what that comparison does not ask.
 */
export type Kind = "required" | "optimal" | "check" | "ours";

export interface Case {
  /** Its name in the public comparison of HTTP caches, unless it is ours. */
  readonly id: string;
  readonly kind: Kind;
  /** What the cache does, as the rest of a sentence that begins with "it". */
  readonly title: string;
  /** Such as "RFC 9111 section 4.2.1". */
  readonly rule: string;
  readonly exchanges: readonly Exchange[];
}

/** Longer than the short lifetimes of the cases, shorter than the long ones. */
export const PAUSE = 3;

/** Fields of a reply that stays fresh, of one that is stale at once, and of one that a pause makes stale. */
export const FRESH: readonly FieldLine[] = [
  ["Cache-Control", "max-age=100000"],
  ["Date", 0],
];
export const STALE: readonly FieldLine[] = [
  ["Expires", -5000],
  ["Last-Modified", -100_000],
  ["Date", 0],
];
export const BECOMES_STALE: readonly FieldLine[] = [
  ["Cache-Control", "max-age=2"],
  ["Date", 0],
  ["Template-A", "1"],
];

/** A case of two equal GETs: what the first reply's fields make of the second. */
export type Row = readonly [
  kind: Kind,
  id: string,
  title: string,
  rule: string,
  fields: readonly FieldLine[],
];

/** The second GET, a pause later, is answered from the cache. */
export function reused(rows: readonly Row[], pause = PAUSE): readonly Case[] {
  return rows.map((row) => twice(row, "cache", pause));
}

/** The second GET, a pause later, goes to the origin. */
export function notReused(rows: readonly Row[], pause = PAUSE): readonly Case[] {
  return rows.map((row) => twice(row, "origin", pause));
}

function twice([kind, id, title, rule, fields]: Row, from: Source, pause: number): Case {
  return {
    id,
    kind,
    title,
    rule: ruleName(rule),
    exchanges: [{ reply: { fields }, pause }, { expect: { from } }],
  };
}

export function conformanceCase(
  kind: Kind,
  id: string,
  title: string,
  rule: string,
  exchanges: readonly Exchange[],
): Case {
  return { id, kind, title, rule: ruleName(rule), exchanges };
}

/** "9111 4.2.1" is RFC 9111 section 4.2.1; anything else says itself where it stands. */
function ruleName(rule: string): string {
  return rule.replace(/^(\d{4}) ([\d.]+)$/, "RFC $1 section $2");
}
