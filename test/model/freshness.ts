import { controlOf, secondsOf } from "./directives.ts";
import { dateOf, fieldOf, type Lines, linesOf } from "./message.ts";

/** When a response was asked for and came, in milliseconds of the cache's clock. */
export interface Received {
  readonly fields: Lines;
  readonly requestTime: number;
  readonly responseTime: number;
}

// RFC 9110 section 15.1.
const HEURISTIC = new Set([200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501]);

// RFC 9111 section 4.2.2: the typical setting of the fraction.
const FRACTION = 0.1;

export function heuristicAllowed(status: number, fields: Lines): boolean {
  return HEURISTIC.has(status) || controlOf(fields).directives.has("public");
}

/** RFC 9111 section 4.2.1: the longest freshness lifetime, in seconds, that a shared cache may give a response. */
export function lifetime(status: number, response: Received): number {
  const { fields } = response;
  const { directives, targeted } = controlOf(fields);
  const explicit = secondsOf(directives, "s-maxage") ?? secondsOf(directives, "max-age");
  if (explicit !== undefined) return explicit;
  const date = dateOf(fieldOf(fields, "Date")) ?? response.responseTime;
  const [expires] = linesOf(fields, "Expires");
  if (expires !== undefined && !targeted) {
    // RFC 9111 section 5.3: what is no date is in the past.
    return Math.max(0, ((dateOf(expires) ?? 0) - date) / 1000);
  }
  const modified = dateOf(fieldOf(fields, "Last-Modified"));
  if (modified === undefined || !heuristicAllowed(status, fields)) return 0;
  return Math.max(0, ((date - modified) / 1000) * FRACTION);
}

/** In seconds, not rounded. */
export interface AgeRange {
  readonly least: number;
  readonly most: number;
}

/** RFC 9111 section 4.2.3. `earlier` are Age values of the messages that it validated: a cache may still count them. */
export function ageAt(now: number, response: Received, earlier: readonly string[]): AgeRange {
  const date = dateOf(fieldOf(response.fields, "Date")) ?? response.responseTime;
  const apparent = Math.max(0, (response.responseTime - date) / 1000);
  const delay = (response.responseTime - response.requestTime) / 1000;
  const resident = (now - response.responseTime) / 1000;
  const own = ageValue(linesOf(response.fields, "Age")[0]);
  const values = [own, ...earlier.map(ageValue)];
  return {
    // Date is in whole seconds, and so may the clock be that it is compared with.
    least: Math.max(Math.floor(apparent), own.least + delay) + resident,
    most: Math.max(apparent, Math.max(...values.map(({ most }) => most)) + delay) + resident,
  };
}

/** RFC 9111 section 5.1: of a list the first; what is no number should be ignored, and may as well mean old. */
function ageValue(text: string | undefined): AgeRange {
  if (text === undefined) return { least: 0, most: 0 };
  const first = text.split(",", 1)[0]?.trim() ?? "";
  if (!/^\d+$/.test(first)) return { least: 0, most: Number.POSITIVE_INFINITY };
  const seconds = Math.min(Number(first), 2 ** 31);
  return { least: seconds, most: seconds };
}
