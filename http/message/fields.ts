import { rawValues } from "./raw-fields.ts";

// No field has it in its name or its value: both programs refuse a message that says otherwise.
const BETWEEN = "\n";

/** The field section of one message: lines in order, names compared without case. Immutable. */
export class Fields implements Iterable<readonly [name: string, value: string]> {
  static readonly none = new Fields([]);

  /** name, value, name, value …, or all of it in one text. */
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

  /** The same for keeping: one text of its own instead of two for each line. Every use takes it apart again. */
  packed(): Fields {
    const raw = this.#raw;
    if (raw.length === 0) return Fields.none;
    if (typeof this.#held === "string" || raw.some((part) => part.includes(BETWEEN))) return this;
    return new Fields(raw.join(BETWEEN));
  }

  /** The same for using it several times. */
  unpacked(): Fields {
    return typeof this.#held === "string" ? new Fields(this.#raw) : this;
  }

  /** Chars of all names and values. */
  get characters(): number {
    if (typeof this.#held === "string") return this.#held.length;
    return this.#held.reduce((sum, part) => sum + part.length, 0);
  }

  get #raw(): readonly string[] {
    return typeof this.#held === "string" ? this.#held.split(BETWEEN) : this.#held;
  }

  /** Every line's value, in order; empty when the field is absent. */
  all(name: string): readonly string[] {
    return rawValues(this.#raw, name.toLowerCase());
  }

  /** The combined value. RFC 9110 section 5.3: lines of one name are one list, joined by a comma. */
  get(name: string): string | undefined {
    const values = this.all(name);
    return values.length === 0 ? undefined : values.join(", ");
  }

  has(name: string): boolean {
    return this.all(name).length > 0;
  }

  /** A copy in which `name` has just this value, in the place of its first line, else at the end. */
  with(name: string, value: string): Fields {
    const lower = name.toLowerCase();
    const raw: string[] = [];
    let placed = false;
    for (const line of this) {
      if (line[0].toLowerCase() !== lower) raw.push(...line);
      else if (!placed) {
        raw.push(name, value);
        placed = true;
      }
    }
    if (!placed) raw.push(name, value);
    return new Fields(raw);
  }

  /** A copy with one more line at the end. */
  plus(name: string, value: string): Fields {
    return new Fields([...this.#raw, name, value]);
  }

  /** A copy with more lines at the end. */
  plusAll(lines: Iterable<readonly [string, string]>): Fields {
    const raw = [...this.#raw];
    for (const [name, value] of lines) raw.push(name, value);
    return new Fields(raw);
  }

  /** A copy without these fields. */
  without(names: Iterable<string>): Fields {
    const drop = new Set<string>();
    for (const name of names) drop.add(name.toLowerCase());
    const raw: string[] = [];
    for (const [name, value] of this) if (!drop.has(name.toLowerCase())) raw.push(name, value);
    return new Fields(raw);
  }

  /** The distinct names, lower case, in order of first appearance. */
  names(): Iterable<string> {
    const names = new Set<string>();
    for (const [name] of this) names.add(name.toLowerCase());
    return names;
  }

  *[Symbol.iterator](): Iterator<readonly [string, string]> {
    const raw = this.#raw;
    for (let at = 0; at + 1 < raw.length; at += 2) yield [raw[at] ?? "", raw[at + 1] ?? ""];
  }
}
