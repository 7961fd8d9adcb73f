import type { FieldLine, Value } from "./case.ts";

/** What a value is made of when it is written: times in milliseconds since 1970. */
export interface Moment {
  readonly start: number;
  readonly now: number;
  readonly path: string;
}

export function valueText(value: Value, { start, now, path }: Moment): string {
  if (typeof value === "string") return value.replaceAll("{path}", path);
  if (typeof value === "number") return new Date(now + value * 1000).toUTCString();
  const date = new Date(start + value.sinceStart * 1000);
  return value.rfc850 === true ? rfc850(date) : date.toUTCString();
}

/** Names and values in turn, as node takes them. */
export function rawFields(lines: readonly FieldLine[], moment: Moment): string[] {
  return lines.flatMap(([name, value]) => [name, valueText(value, moment)]);
}

/** The lines of one name joined by a comma (RFC 9110 section 5.3); undefined when there is none. */
export function fieldValue(raw: readonly string[], name: string): string | undefined {
  const values = raw.filter((_, i) => i % 2 === 1 && raw[i - 1]?.toLowerCase() === name.toLowerCase());
  return values.length === 0 ? undefined : values.join(", ");
}

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

function rfc850(date: Date): string {
  const [, day, month, year, time] = date.toUTCString().split(" ");
  return `${DAYS[date.getUTCDay()]}, ${day}-${month}-${year?.slice(2)} ${time} GMT`;
}
