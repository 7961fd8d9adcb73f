/** The field section of one message: lines in order, names compared without case. Immutable. */
export class Fields implements Iterable<readonly [name: string, value: string]> {
  static readonly none = new Fields([]);

  readonly #lines: readonly (readonly [string, string])[];
  #byName: ReadonlyMap<string, readonly string[]> | undefined;

  private constructor(lines: readonly (readonly [string, string])[]) {
    this.#lines = lines;
  }

  static of(lines: Iterable<readonly [string, string]>): Fields {
    return new Fields([...lines]);
  }

  /** From node's `rawHeaders`: name, value, name, value … */
  static ofRaw(raw: readonly string[]): Fields {
    const lines: [string, string][] = [];
    for (let i = 0; i + 1 < raw.length; i += 2) lines.push([raw[i] ?? "", raw[i + 1] ?? ""]);
    return new Fields(lines);
  }

  /** Every line's value, in order; empty when the field is absent. */
  all(name: string): readonly string[] {
    this.#byName ??= indexByName(this.#lines);
    return this.#byName.get(name.toLowerCase()) ?? [];
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
    const lines: (readonly [string, string])[] = [];
    let placed = false;
    for (const line of this.#lines) {
      if (line[0].toLowerCase() !== lower) lines.push(line);
      else if (!placed) {
        lines.push([name, value]);
        placed = true;
      }
    }
    if (!placed) lines.push([name, value]);
    return new Fields(lines);
  }

  /** A copy with one more line at the end. */
  plus(name: string, value: string): Fields {
    return new Fields([...this.#lines, [name, value]]);
  }

  /** A copy without these fields. */
  without(names: Iterable<string>): Fields {
    const drop = new Set<string>();
    for (const name of names) drop.add(name.toLowerCase());
    return new Fields(this.#lines.filter(([name]) => !drop.has(name.toLowerCase())));
  }

  /** The distinct names, lower case, in order of first appearance. */
  names(): Iterable<string> {
    this.#byName ??= indexByName(this.#lines);
    return this.#byName.keys();
  }

  [Symbol.iterator](): Iterator<readonly [string, string]> {
    return this.#lines[Symbol.iterator]();
  }
}

function indexByName(lines: readonly (readonly [string, string])[]): ReadonlyMap<string, readonly string[]> {
  const index = new Map<string, string[]>();
  for (const [name, value] of lines) {
    const lower = name.toLowerCase();
    const values = index.get(lower);
    if (values === undefined) index.set(lower, [value]);
    else values.push(value);
  }
  return index;
}
