import { trimmedSlice } from "./comma-list.ts";
import { TCHAR } from "./token.ts";

/** How large a field section may be. */
export interface FieldLimits {
  readonly fields: number;
  /** Of all field lines, line ends included. */
  readonly bytes: number;
}

/** Why a field section is refused, in one word. */
export type FieldFault =
  | "too-many-fields"
  | "fields-too-large"
  | "folded-field"
  | "space-before-colon"
  | "bare-line-end"
  | "malformed-field";

export type FieldsRead =
  | { readonly kind: "incomplete" }
  /** `raw`: name, value, name, value … as sent. `end`: behind the empty line. */
  | { readonly kind: "fields"; readonly raw: readonly string[]; readonly end: number }
  | { readonly kind: "fault"; readonly fault: FieldFault };

const CRLF = "\r\n";
const INCOMPLETE: FieldsRead = { kind: "incomplete" };

/**
 * As many field lines as there are. RFC 9112 section 5: a token, a colon at once, a value without control characters
 * other than tab, CRLF. The spaces around a value are cut off afterwards: a pattern for them would try each way to
 * share them out.
 */
const FIELD_LINES = new RegExp(`(?:${TCHAR}+:[\\t\\x20-\\x7e\\x80-\\xff]*\\r\\n)*`, "y");

/** The reasons that have a name, looked for only in a line that is not a field line. The first one that fits is told. */
const NAMED_FAULTS: readonly (readonly [RegExp, FieldFault])[] = [
  // RFC 9112 section 5.2: a server refuses a folded line, or makes spaces of it.
  [/^[ \t]/, "folded-field"],
  // RFC 9112 section 5.1: a server must refuse it; some take such a line for another field.
  [new RegExp(`^${TCHAR}+[ \\t]+:`), "space-before-colon"],
  // RFC 9112 section 2.2 permits LF alone as a line end. A program that does not would see other fields than we do.
  [/\r(?!\n)|[^\r]\n|^\n/, "bare-line-end"],
];

/**
 * Reads one field section from text in which every char is one byte (latin1). It may arrive in any pieces: each
 * `read` gets the text so far, of which it looks only at what is new.
 */
export class FieldLines {
  readonly #limits: FieldLimits;
  readonly #raw: string[] = [];
  readonly #start: number;
  /** Where the next line begins. */
  #at: number;
  /** How much of the text has been searched for line ends. */
  #seen: number;

  /** `start`: where in the text the first field line begins. */
  constructor(start: number, limits: FieldLimits) {
    this.#start = start;
    this.#at = start;
    this.#seen = start;
    this.#limits = limits;
  }

  read(text: string): FieldsRead {
    const lineEnded = text.indexOf("\n", this.#seen) >= 0;
    this.#seen = text.length;
    if (!lineEnded) return this.#partOfLine(text);
    FIELD_LINES.lastIndex = this.#at;
    FIELD_LINES.test(text);
    for (const behind = FIELD_LINES.lastIndex; this.#at < behind; ) {
      const colon = text.indexOf(":", this.#at);
      const end = text.indexOf("\n", colon) + 1;
      const fault = this.#limitFault(end);
      if (fault !== undefined) return { kind: "fault", fault };
      this.#raw.push(text.slice(this.#at, colon), trimmedSlice(text, colon + 1, end - CRLF.length));
      this.#at = end;
    }
    if (text.startsWith(CRLF, this.#at))
      return { kind: "fields", raw: this.#raw, end: this.#at + CRLF.length };
    const end = text.indexOf("\n", this.#at) + 1;
    if (end === 0) return this.#partOfLine(text);
    return { kind: "fault", fault: this.#limitFault(end) ?? lineFault(text.slice(this.#at, end)) };
  }

  /** The line is at least as long as the part that has arrived. A lone CR may begin the empty line at the end. */
  #partOfLine(text: string): FieldsRead {
    const isEmptyLine = text.length === this.#at + 1 && text.endsWith("\r");
    return text.length - this.#start > this.#limits.bytes && !isEmptyLine
      ? { kind: "fault", fault: "fields-too-large" }
      : INCOMPLETE;
  }

  /** `end`: of one more line. */
  #limitFault(end: number): FieldFault | undefined {
    if (end - this.#start > this.#limits.bytes) return "fields-too-large";
    return this.#raw.length >= this.#limits.fields * 2 ? "too-many-fields" : undefined;
  }
}

function lineFault(line: string): FieldFault {
  return NAMED_FAULTS.find(([shape]) => shape.test(line))?.[1] ?? "malformed-field";
}

export const FIELD_MESSAGES: Readonly<Record<FieldFault, string>> = {
  "too-many-fields": "there are more fields than allowed",
  "fields-too-large": "the fields are larger than allowed",
  "folded-field": "a field may not continue on the next line",
  "space-before-colon": "a field's name may not be followed by space",
  "bare-line-end": "every line must end with CR and LF, and neither may stand alone",
  "malformed-field": "a field's name is not a token or its value has control characters",
};
