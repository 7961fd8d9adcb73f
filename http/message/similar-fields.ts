// A client repeats most of its field lines. One line changes, or a few lines that stand together: a Cookie, a Referer.
import { trimmedSlice } from "./comma-list.ts";
import { FieldLines } from "./field-lines.ts";
import { Fields } from "./fields.ts";
import { JUDGED_FIELDS, REQUEST_FIELD_LIMITS, type RequestFields } from "./request-fields.ts";

const CRLF = "\r\n";

/** The value of a field line and its end, as in field-lines.ts. */
const VALUE = /[\t\x20-\x7e\x80-\xff]*\r\n/y;

/** More names than these, and the section is read anew: what is derived from it would be remade anyway. */
const MOST_CHANGED = 16;

/** A field section that has been read and judged. */
export interface ReadSection {
  /** From its first line to the empty line, both included. */
  readonly text: string;
  readonly fields: RequestFields;
}

/** The same, with the lines that it consists of, each with its end. */
export interface ReadLines extends ReadSection {
  readonly lines: readonly string[];
}

/** A section of which some values differ from request to request, and nothing else. */
export interface Pattern {
  readonly fields: RequestFields;
  /** The text before each of these values, from the one before it on. */
  readonly before: readonly string[];
  /** Where these values stand in `raw`. */
  readonly places: readonly number[];
  /** From the end of the last value to the empty line, both included. */
  readonly behind: string;
}

/** Of a section some of whose lines have changed: the values of all lines with their names may change again. */
export function patternOf({ text, fields, lines }: ReadLines): Pattern | undefined {
  const { raw, changed } = fields;
  if (changed === undefined) return undefined;
  const [before, places]: [string[], number[]] = [[], []];
  let [from, start] = [0, 0];
  lines.forEach((line, at) => {
    const name = raw[2 * at] ?? "";
    if (changed.has(name.toLowerCase())) {
      before.push(text.slice(from, start + name.length + 1));
      places.push(2 * at + 1);
      from = start + line.length - CRLF.length;
    }
    start += line.length;
  });
  return places.length === 0 ? undefined : { fields, before, places, behind: text.slice(from) };
}

/**
 * Reads the section that begins at `at`, if it has the pattern. Every line but those of the changed values has been read
 * in the same place, so only these values are looked at. undefined: it has another pattern, or is not complete.
 */
export function readByPattern(text: string, at: number, pattern: Pattern): ReadSection | undefined {
  const { fields, before, places, behind } = pattern;
  const raw = fields.raw.slice();
  let end = at;
  for (let n = 0; n < places.length; n += 1) {
    const fixed = before[n] ?? "";
    const start = end + fixed.length;
    // Faster than startsWith, which compares char by char.
    if (text.slice(end, start) !== fixed) return undefined;
    VALUE.lastIndex = start;
    if (!VALUE.test(text)) return undefined;
    end = VALUE.lastIndex - CRLF.length;
    raw[places[n] ?? 0] = trimmedSlice(text, start, end);
  }
  const length = end - at + behind.length;
  const isWhole = text.slice(end, at + length) === behind;
  if (!isWhole || length - CRLF.length > REQUEST_FIELD_LIMITS.bytes) return undefined;
  return {
    text: text.slice(at, at + length),
    fields: { ...fields, raw, section: Fields.ofRaw(raw) },
  };
}

/** Where each line ends, found only for a section that another one is compared with. */
export function linesOf({ text, fields }: ReadSection): ReadLines {
  const lines: string[] = [];
  const end = text.length - CRLF.length;
  for (let at = 0; at < end; ) {
    const next = text.indexOf(CRLF, at) + CRLF.length;
    lines.push(text.slice(at, next));
    at = next;
  }
  return { text, fields, lines };
}

/**
 * Reads the section that begins at `at`, if it is the last one but for some lines in one place. Only those are parsed, and
 * nothing is judged anew, because no line that a judgement depends on has changed. undefined: it has to be read as a
 * whole, because it is not complete, too different, or refused.
 */
export function readSimilar(text: string, at: number, last: ReadLines): ReadLines | undefined {
  const end = text.indexOf(CRLF + CRLF, at) + CRLF.length;
  if (end < CRLF.length || end - at > REQUEST_FIELD_LIMITS.bytes) return undefined;
  const { lines } = last;
  let [first, from] = [0, at];
  for (let line = lines[first]; line !== undefined && text.startsWith(line, from); line = lines[first]) {
    from += line.length;
    first += 1;
  }
  let [behind, to] = [lines.length, end];
  for (let line = lines[behind - 1]; line !== undefined && behind > first; line = lines[behind - 1]) {
    const start = to - line.length;
    // A line must not be taken for the end of a longer one.
    const isLine = start === from || (start > from && text.startsWith(CRLF, start - CRLF.length));
    if (!isLine || !text.startsWith(line, start)) break;
    to = start;
    behind -= 1;
  }
  const read = new FieldLines(0, REQUEST_FIELD_LIMITS).read(text.slice(from, to) + CRLF);
  if (read.kind !== "fields") return undefined;
  const { raw } = last.fields;
  const changed = changedNames(last.fields, [...raw.slice(2 * first, 2 * behind), ...read.raw]);
  const all = [...raw.slice(0, 2 * first), ...read.raw, ...raw.slice(2 * behind)];
  if (changed === undefined || all.length > 2 * REQUEST_FIELD_LIMITS.fields) return undefined;
  const root = last.fields.root ?? last.fields;
  const between: string[] = [];
  for (let line = from; line < to; ) {
    const next = text.indexOf(CRLF, line) + CRLF.length;
    between.push(text.slice(line, next));
    line = next;
  }
  return {
    text: text.slice(at, end + CRLF.length),
    lines: [...lines.slice(0, first), ...between, ...lines.slice(behind)],
    fields: { ...last.fields, raw: all, section: Fields.ofRaw(all), root, changed },
  };
}

/** With those that have changed before; undefined when a judgement depends on one of them, or when they are many. */
function changedNames(last: RequestFields, raw: readonly string[]): ReadonlySet<string> | undefined {
  const changed = new Set(last.changed);
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]?.toLowerCase() ?? "";
    if (JUDGED_FIELDS.has(name)) return undefined;
    changed.add(name);
  }
  return changed.size > MOST_CHANGED ? undefined : changed;
}
