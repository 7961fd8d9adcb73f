/** The model's own view of messages: it shares no code with the edge, so that they cannot share a mistake. */

export type Line = readonly [name: string, value: string];

/** A field section: lines in order. */
export type Lines = readonly Line[];

/** Every line's value, in order. */
export function linesOf(lines: Lines, name: string): readonly string[] {
  const lower = name.toLowerCase();
  return lines.filter(([each]) => each.toLowerCase() === lower).map(([, value]) => value);
}

/** The combined value (RFC 9110 section 5.3), or undefined. */
export function fieldOf(lines: Lines, name: string): string | undefined {
  const values = linesOf(lines, name);
  return values.length === 0 ? undefined : values.join(", ");
}

/** The members of a list field (RFC 9110 section 5.6.1): split at the commas outside quotes, empty ones left out. */
export function membersOf(lines: Lines, name: string): readonly string[] {
  const members = fieldOf(lines, name)?.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
  return members.map((member) => member.trim()).filter((member) => member !== "");
}

/** RFC 9110 section 5.6.7, in milliseconds. The histories write the preferred format or nonsense. */
export function dateOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(text))
    return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** RFC 9110 section 8.8.3.2. */
export function strongMatch(a: string, b: string): boolean {
  return a === b && !a.startsWith("W/");
}

export function weakMatch(a: string, b: string): boolean {
  return a.replace(/^W\//, "") === b.replace(/^W\//, "");
}

/** As its recipient has it. RFC 9110 section 6.6.1: it adds the Date that the origin left out. */
export function received(fields: Lines, now: number): Lines {
  return fieldOf(fields, "Date") === undefined ? [...fields, ["Date", dateText(now)]] : fields;
}

export function dateText(ms: number): string {
  return new Date(ms).toUTCString();
}
