const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAY = "(?:mon|tue|wed|thu|fri|sat|sun)";
const LONG_DAY = "(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)";
const MONTH = `(?<month>${MONTHS.join("|")})`;
const TIME = "(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})";

// RFC 9110 section 5.6.7, the three forms. RFC 9111 section 4.2: a cache matches without regard to case and
// holds any zone but GMT invalid.
const FORMS = [
  new RegExp(`^${DAY}, (?<day>\\d{2}) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`, "i"),
  new RegExp(`^${LONG_DAY}, (?<day>\\d{2})-${MONTH}-(?<year>\\d{2}) ${TIME} GMT$`, "i"),
  new RegExp(`^${DAY} ${MONTH} (?<day>\\d{2}| \\d) ${TIME} (?<year>\\d{4})$`, "i"),
];

/**
 * Two-digit years are of 1977 to 2076. RFC 9110 section 5.6.7 asks for at most 50 years ahead of now; the rules
 * have no clock, and no sender of this form has been built since 1994.
 */
const LAST_TWO_DIGIT_YEAR = 2076;

// "Sun Nov  6 08:49:37 1994" and "Wednesday, 06-Nov-94 08:49:37 GMT".
const SHORTEST = 24;
const LONGEST = 33;

/** The last text that was parsed. Most messages of one second have the same Date. */
let last: { readonly text: string; readonly instant: number | undefined } = { text: "", instant: undefined };

/** Milliseconds since 1970 of an HTTP-date (RFC 9110 section 5.6.7); undefined when it is not exactly one. */
export function parseHttpDate(text: string): number | undefined {
  if (text.length < SHORTEST || text.length > LONGEST) return undefined;
  if (text !== last.text) last = { text, instant: parsed(text) };
  return last.instant;
}

function parsed(text: string): number | undefined {
  for (const form of FORMS) {
    const parts = form.exec(text)?.groups;
    if (parts !== undefined) return instant(parts);
  }
  return undefined;
}

function instant(parts: Record<string, string | undefined>): number | undefined {
  const [day, hour, minute, second] = [parts.day, parts.hour, parts.minute, parts.second].map(Number);
  if (day === undefined || hour === undefined || minute === undefined || second === undefined)
    return undefined;
  // 60 is a leap second.
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const month = MONTHS.indexOf((parts.month ?? "").toLowerCase());
  const date = new Date(0);
  // Not Date.UTC, which reads the years 0 to 99 as 1900 to 1999.
  date.setUTCFullYear(fullYear(parts.year ?? ""), month, day);
  if (date.getUTCMonth() !== month || date.getUTCDate() !== day) return undefined;
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000;
}

function fullYear(digits: string): number {
  if (digits.length !== 2) return Number(digits);
  const year = 2000 + Number(digits);
  return year > LAST_TWO_DIGIT_YEAR ? year - 100 : year;
}

/** The IMF-fixdate of a wall-clock time in milliseconds. */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString();
}
