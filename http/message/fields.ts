import { lowerCase } from "./lower-case.ts";

// As in a message (RFC 9112 section 5), so that packed lines can be sent as they are.
const BEHIND_NAME = ": ";
const BEHIND_VALUE = "\r\n";

// Both programs refuse a message with such a name or value. Fields that are made here may have one.
const UNPACKABLE_NAME = /[:\r\n]|^$/;
const UNPACKABLE_VALUE = /[\r\n]/;

/** The field section of one message: lines in order, names compared without case. Immutable. */
export class Fields implements Iterable<readonly [name: string, value: string]> {
  static readonly none = new Fields([]);

  /** name, value, name, value …, or the field lines in one text. */
  readonly #held: readonly string[] | string;
  /** The name of each line in lower case, once it was asked for. */
  #lower: readonly string[] | undefined;

  private constructor(held: readonly string[] | string, lower?: readonly string[]) {
    this.#held = held;
    this.#lower = lower;
  }

  static of(lines: Iterable<readonly [string, string]>): Fields {
    const raw: string[] = [];
    for (const [name, value] of lines) raw.push(name, value);
    return new Fields(raw);
  }

  /** From node's `rawHeaders`: name, value, name, value … */
  static ofRaw(raw: readonly string[]): Fields {
    return new Fields(raw.length % 2 === 0 ? raw : raw.slice(0, -1));
  }

  /** From the field lines in one text, as `packedLines` gives them. */
  static ofLines(lines: string): Fields {
    return lines === "" ? Fields.none : new Fields(lines);
  }

  /** The field lines in one text; undefined when they could not be taken apart again. */
  get packedLines(): string | undefined {
    if (typeof this.#held === "string") return this.#held;
    return isPackable(this.#held) ? linesOf(this.#held) : undefined;
  }

  /** The same for keeping: one text of its own instead of two for each line. Every use takes it apart again. */
  packed(): Fields {
    const raw = this.raw;
    if (raw.length === 0) return Fields.none;
    if (typeof this.#held === "string" || !isPackable(raw)) return this;
    return new Fields(linesOf(raw));
  }

  /** The field lines as they stand in a message, each with its end. */
  get lines(): string {
    return typeof this.#held === "string" ? this.#held : linesOf(this.#held);
  }

  /** The same for using it several times. */
  unpacked(): Fields {
    return typeof this.#held === "string" ? new Fields(this.raw) : this;
  }

  /** Chars of all names and values. */
  get characters(): number {
    if (typeof this.#held === "string") return this.#held.length;
    return this.#held.reduce((sum, part) => sum + part.length, 0);
  }

  /** name, value, name, value …, in order. */
  get raw(): readonly string[] {
    return typeof this.#held === "string" ? partsOf(this.#held) : this.#held;
  }

  /** The names of all lines, in lower case, in order. */
  get lower(): readonly string[] {
    if (this.#lower !== undefined) return this.#lower;
    const { raw } = this;
    const lower: string[] = [];
    for (let at = 0; at < raw.length; at += 2) lower.push(lowerCase(raw[at] ?? ""));
    // What is packed is kept, so it has to be small.
    if (typeof this.#held !== "string") this.#lower = lower;
    return lower;
  }

  /** Every line's value, in order; empty when the field is absent. */
  all(name: string): readonly string[] {
    const { raw, lower } = this.unpacked();
    const wanted = lowerCase(name);
    const first = lower.indexOf(wanted);
    if (first < 0) return NO_VALUES;
    const values: string[] = [];
    for (let at = first; at >= 0; at = lower.indexOf(wanted, at + 1)) values.push(raw[2 * at + 1] ?? "");
    return values;
  }

  /** The combined value. RFC 9110 section 5.3: lines of one name are one list, joined by a comma. */
  get(name: string): string | undefined {
    const { raw, lower } = this.unpacked();
    const wanted = lowerCase(name);
    const first = lower.indexOf(wanted);
    if (first < 0) return undefined;
    // Most fields have one line.
    return lower.indexOf(wanted, first + 1) < 0 ? raw[2 * first + 1] : this.all(wanted).join(", ");
  }

  has(name: string): boolean {
    return this.lower.includes(lowerCase(name));
  }

  /** A copy in which `name` has just this value, in the place of its first line, else at the end. */
  with(name: string, value: string): Fields {
    const { raw, lower } = this.unpacked();
    const wanted = lowerCase(name);
    const first = lower.indexOf(wanted);
    if (first < 0) return this.plus(name, value);
    const changed: string[] = [];
    for (let line = 0; line < lower.length; line += 1)
      if (line === first) changed.push(name, value);
      else if (lower[line] !== wanted) changed.push(raw[2 * line] ?? "", raw[2 * line + 1] ?? "");
    return new Fields(changed);
  }

  /** A copy with one more line at the end. */
  plus(name: string, value: string): Fields {
    return this.plusAll([[name, value]]);
  }

  /** A copy with more lines at the end. */
  plusAll(lines: Iterable<readonly [string, string]>): Fields {
    const raw = this.raw.slice();
    const lower = this.#lower?.slice();
    for (const [name, value] of lines) {
      raw.push(name, value);
      lower?.push(lowerCase(name));
    }
    return new Fields(raw, lower);
  }

  /** The same without these fields; the same object when it has none of them. */
  without(names: Iterable<string>): Fields {
    const drop: string[] = [];
    for (const name of names) drop.push(lowerCase(name));
    return this.where((lower) => !drop.includes(lower));
  }

  /** The same for names in lower case. */
  withoutNamed(drop: ReadonlySet<string>): Fields {
    return this.where((name) => !drop.has(name));
  }

  /** The lines whose name, in lower case, is to be kept; the same object when all are. */
  where(keeps: (lower: string) => boolean): Fields {
    const { raw, lower } = this.unpacked();
    let kept: string[] | undefined;
    let keptLower: string[] = [];
    for (let line = 0; line < lower.length; line += 1) {
      const name = lower[line] ?? "";
      if (!keeps(name)) {
        if (kept !== undefined) continue;
        kept = raw.slice(0, 2 * line);
        keptLower = lower.slice(0, line);
      } else if (kept !== undefined) {
        kept.push(raw[2 * line] ?? "", raw[2 * line + 1] ?? "");
        keptLower.push(name);
      }
    }
    return kept === undefined ? this : new Fields(kept, keptLower);
  }

  /** The distinct names, lower case, in order of first appearance. */
  names(): Iterable<string> {
    return new Set(this.lower);
  }

  *[Symbol.iterator](): Iterator<readonly [string, string]> {
    const raw = this.raw;
    for (let at = 0; at + 1 < raw.length; at += 2) yield [raw[at] ?? "", raw[at + 1] ?? ""];
  }
}

const NO_VALUES: readonly string[] = [];

function isPackable(raw: readonly string[]): boolean {
  return raw.every((part, at) => !(at % 2 === 0 ? UNPACKABLE_NAME : UNPACKABLE_VALUE).test(part));
}

function linesOf(raw: readonly string[]): string {
  const pieces: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2)
    pieces.push(raw[at] ?? "", BEHIND_NAME, raw[at + 1] ?? "", BEHIND_VALUE);
  // Joined, and not added up: an added text would keep the texts that it is made of.
  return pieces.join("");
}

/** The names and values that `linesOf` has put together. */
function partsOf(lines: string): readonly string[] {
  const raw: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const colon = lines.indexOf(BEHIND_NAME, at);
    const end = lines.indexOf(BEHIND_VALUE, colon);
    raw.push(lines.slice(at, colon), lines.slice(colon + BEHIND_NAME.length, end));
    at = end + BEHIND_VALUE.length;
  }
  return raw;
}
