import { rawValues } from "./raw-fields.ts";

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

  private constructor(held: readonly string[] | string) {
    this.#held = held;
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

  /** Every line's value, in order; empty when the field is absent. */
  all(name: string): readonly string[] {
    return rawValues(this.raw, name.toLowerCase());
  }

  /** The combined value. RFC 9110 section 5.3: lines of one name are one list, joined by a comma. */
  get(name: string): string | undefined {
    const raw = this.raw;
    const lower = name.toLowerCase();
    const first = indexOf(raw, lower, 0);
    if (first < 0) return undefined;
    // Most fields have one line.
    return indexOf(raw, lower, first + 2) < 0 ? raw[first + 1] : rawValues(raw, lower).join(", ");
  }

  has(name: string): boolean {
    return indexOf(this.raw, name.toLowerCase(), 0) >= 0;
  }

  /** A copy in which `name` has just this value, in the place of its first line, else at the end. */
  with(name: string, value: string): Fields {
    const lower = name.toLowerCase();
    const first = indexOf(this.raw, lower, 0);
    if (first < 0) return this.plus(name, value);
    const raw = this.raw.slice();
    raw.splice(first, 2, name, value);
    for (let at = indexOf(raw, lower, first + 2); at >= 0; at = indexOf(raw, lower, at)) raw.splice(at, 2);
    return new Fields(raw);
  }

  /** A copy with one more line at the end. */
  plus(name: string, value: string): Fields {
    return new Fields([...this.raw, name, value]);
  }

  /** A copy with more lines at the end. */
  plusAll(lines: Iterable<readonly [string, string]>): Fields {
    const raw = [...this.raw];
    for (const [name, value] of lines) raw.push(name, value);
    return new Fields(raw);
  }

  /** The same without these fields; the same object when it has none of them. */
  without(names: Iterable<string>): Fields {
    const drop = new Set<string>();
    for (const name of names) drop.add(name.toLowerCase());
    return this.withoutNamed(drop);
  }

  /** The same for names in lower case. */
  withoutNamed(drop: ReadonlySet<string>): Fields {
    return this.where((name) => !drop.has(name));
  }

  /** The lines whose name, in lower case, is to be kept; the same object when all are. */
  where(keeps: (lower: string) => boolean): Fields {
    const { raw } = this;
    let kept: string[] | undefined;
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const name = raw[at] ?? "";
      if (!keeps(name.toLowerCase())) kept ??= raw.slice(0, at);
      else kept?.push(name, raw[at + 1] ?? "");
    }
    return kept === undefined ? this : new Fields(kept);
  }

  /** The distinct names, lower case, in order of first appearance. */
  names(): Iterable<string> {
    const { raw } = this;
    const names = new Set<string>();
    for (let at = 0; at + 1 < raw.length; at += 2) names.add((raw[at] ?? "").toLowerCase());
    return names;
  }

  *[Symbol.iterator](): Iterator<readonly [string, string]> {
    const raw = this.raw;
    for (let at = 0; at + 1 < raw.length; at += 2) yield [raw[at] ?? "", raw[at + 1] ?? ""];
  }
}

/** Where the next line of this name begins, from `from` on; -1 when there is none. `lower`: in lower case. */
function indexOf(raw: readonly string[], lower: string, from: number): number {
  for (let at = from; at + 1 < raw.length; at += 2) {
    const sent = raw[at] ?? "";
    if (sent.length === lower.length && (sent === lower || sent.toLowerCase() === lower)) return at;
  }
  return -1;
}

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
