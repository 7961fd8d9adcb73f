import { parseHttpDate } from "../../http/message/date.ts";
import type { Fields } from "../../http/message/fields.ts";
import { deltaSeconds } from "./directives.ts";
import type { TimedHead } from "./exchange.ts";
import { elapsedMs, type Moment } from "./moment.ts";

/** The arrival of a stored response, from which its age is counted. */
export interface Aged {
  /** Its age in seconds when it arrived. */
  readonly initialAge: number;
  /** When it arrived. */
  readonly responseTime: Moment;
}

/**
 * Whole seconds since the response was made or validated at its origin (RFC 9111 section 4.2.3). Never negative. A wall
 * clock that is set back takes nothing from it.
 */
export function currentAge({ initialAge, responseTime }: Aged, now: Moment): number {
  const residentTime = Math.max(0, elapsedMs(responseTime, now)) / 1000;
  return Math.floor(initialAge + residentTime);
}

/** RFC 9111 section 4.2.3: the corrected initial age, in seconds. */
export function initialAge(head: TimedHead): number {
  // A Date in the future makes the age 0, never less. Date has whole seconds, so fractions of one are not age.
  const apparentAge = Math.max(0, Math.floor((head.responseTime.wall - dateOf(head)) / 1000));
  const responseDelay = Math.max(0, elapsedMs(head.requestTime, head.responseTime)) / 1000;
  return Math.max(apparentAge, ageValue(head.fields) + responseDelay);
}

/** RFC 9111 section 5.1: the first member of Age counts. A value that is not a number of seconds is ignored. */
function ageValue(fields: Fields): number {
  const seconds = deltaSeconds(fields.all("age")[0]?.split(",", 1)[0]?.trim());
  return seconds === "invalid" ? 0 : seconds;
}

/** RFC 9110 section 6.6.1: without a usable Date, the time at which the response arrived. */
export function dateOf(head: TimedHead): number {
  return parseHttpDate(head.fields.get("date") ?? "") ?? head.responseTime.wall;
}
