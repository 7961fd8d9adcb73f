import { parseHttpDate } from "../../http/message/date.ts";
import type { Fields } from "../../http/message/fields.ts";
import { deltaSeconds } from "./directives.ts";
import type { StoredHead } from "./stored-head.ts";

/** A response head never changes, so its age on arrival is worked out once: a hit asks for it every time. */
const known = new WeakMap<StoredHead, number>();

/** Whole seconds since the response was made or validated at its origin (RFC 9111 section 4.2.3); never negative. */
export function currentAge(head: StoredHead, now: number): number {
  let initialAge = known.get(head);
  if (initialAge === undefined) {
    initialAge = correctedInitialAge(head);
    known.set(head, initialAge);
  }
  const residentTime = Math.max(0, now - head.responseTime) / 1000;
  return Math.floor(initialAge + residentTime);
}

function correctedInitialAge(head: StoredHead): number {
  // A Date in the future gives no life: no age below zero. Date has whole seconds, so the rest is not age.
  const apparentAge = Math.max(0, Math.floor((head.responseTime - dateOf(head)) / 1000));
  const responseDelay = Math.max(0, head.responseTime - head.requestTime) / 1000;
  return Math.max(apparentAge, ageValue(head.fields) + responseDelay);
}

/** RFC 9111 section 5.1: the first member of Age counts; a value that is no number of seconds is ignored. */
function ageValue(fields: Fields): number {
  const seconds = deltaSeconds(fields.all("age")[0]?.split(",", 1)[0]?.trim());
  return seconds === "invalid" ? 0 : seconds;
}

/** RFC 9110 section 6.6.1: without a usable Date, the time at which the response arrived. */
export function dateOf(head: StoredHead): number {
  return parseHttpDate(head.fields.get("date") ?? "") ?? head.responseTime;
}
