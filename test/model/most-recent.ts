import { type Book, endOf } from "./book.ts";
import { dateOf, fieldOf, linesOf } from "./message.ts";
import type { Question } from "./record.ts";
import { type Circumstances, whyNotReused } from "./reusing.ts";
import { selects } from "./selecting.ts";
import { lastOf, type Snapshot, whyNotKept } from "./snapshot.ts";

/**
 * RFC 9111 section 4: of several that could be used, the most recent by its Date must be. Returns what a cache with
 * room for everything must hold, and use for the question rather than `snapshot`; undefined when there is nothing.
 */
export function newerThan(
  snapshot: Snapshot,
  question: Question,
  around: Circumstances,
  book: Book,
): Snapshot | undefined {
  const ended = endOf(lastOf(snapshot));
  // Fills that end at the same moment may be stored in any order.
  const since = book.pauses.find((pause) => pause > ended) ?? Number.POSITIVE_INFINITY;
  // The last of them has replaced those before it.
  const newest = book.snapshots.findLast(
    (each) =>
      lastOf(each).begunTick > since && replaces(each, question, book) && selects(each, question.fields),
  );
  if (newest === undefined || dateIn(newest) <= dateIn(snapshot)) return undefined;
  // An update may have given it another Date, or may not be kept and have cost the cache what it updated.
  if (book.snapshots.some(({ previous }) => previous === newest)) return undefined;
  if (book.purgesBetween(newest, question).length > 0) return undefined;
  if (book.invalidatedBetween(newest, question) !== undefined) return undefined;
  return whyNotReused(newest, question.fields, question.at, around) === undefined ? newest : undefined;
}

/** A whole response to GET that a cache stores as soon as it is there, and that nothing may have overtaken. */
function replaces(snapshot: Snapshot, question: Question, book: Book): boolean {
  const last = lastOf(snapshot);
  const { begunTick, cause, method, target, outcome } = last;
  const whole = endOf(last);
  if (method !== "GET" || target !== question.target || whole > question.tick) return false;
  // An error does not replace what may still be good; a range asks for less than the whole.
  if (outcome.status >= 500 || [206, 304, 416].includes(outcome.status)) return false;
  if (linesOf(cause?.fields ?? [], "Range").length > 0 || whyNotKept(snapshot) !== undefined) return false;
  const since = cause?.tick ?? begunTick;
  const events = [
    ...book.purges.map(({ tick, appliedTick = tick }) => appliedTick),
    ...book.invalidations.map(({ tick }) => tick),
  ];
  return !events.some((tick) => since < tick && tick < whole);
}

function dateIn({ fields }: Snapshot): number {
  return dateOf(fieldOf(fields, "Date")) ?? 0;
}
