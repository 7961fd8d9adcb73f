import { createHash } from "node:crypto";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A certificate that is held. Wall times in milliseconds. */
export interface Life {
  readonly validFrom: number;
  readonly validTo: number;
}

/** RFC 9773 section 4.2: when the CA would have a certificate renewed. Wall times in milliseconds. */
export interface RenewalWindow {
  readonly start: number;
  readonly end: number;
}

/** What is known of the orders for one host. */
export interface Tries {
  /** Orders that failed since the last certificate. */
  readonly failures: number;
  /** Wall time before which the next order must not be made. */
  readonly notBefore: number;
}

export const NO_TRIES: Tries = { failures: 0, notBefore: 0 };

// Let's Encrypt asks for it: a third of the life is left for failures, whatever the life is.
const RENEW_AT = 2 / 3;
// A fleet that got its certificates in one hour spreads their renewals over some days of 90.
const JITTER = 1 / 20;

/** The wall time at which an order for a host is due. `unit`: in [0, 1), the same each time for the same certificate. */
export function orderDue(
  held: Life | undefined,
  suggested: RenewalWindow | undefined,
  { notBefore }: Tries,
  unit: number,
): number {
  return Math.max(notBefore, held === undefined ? 0 : renewalDue(held, suggested, unit));
}

function renewalDue(
  { validFrom, validTo }: Life,
  suggested: RenewalWindow | undefined,
  unit: number,
): number {
  // RFC 9773 section 4.2: a random time in the window. One after the end would be of no use to anybody.
  if (suggested !== undefined && suggested.start < validTo)
    return suggested.start + unit * Math.max(0, Math.min(suggested.end, validTo) - suggested.start);
  return validFrom + (validTo - validFrom) * (RENEW_AT - unit * JITTER);
}

// A CA revokes what it should not have issued after a day or more, so nothing is lost by a wait of one.
const LONGEST_REST_MS = 24 * HOUR_MS;

/**
 * How long the host of a new certificate needs no other one, whatever is said: a clock that is months ahead, or a CA that
 * always suggests a time which has passed, must not lead to one order after the other.
 */
export function rest({ validFrom, validTo }: Life): number {
  return Math.min(LONGEST_REST_MS, (validTo - validFrom) * (1 - RENEW_AT));
}

// Let's Encrypt counts five failed checks of a host an hour. Tries at 0, 5, 15, 35 and 75 minutes are four in the first one.
const FIRST_BACK_OFF_MS = 5 * MINUTE_MS;
// Names often come right within a day, when their DNS does.
const LONGEST_BACK_OFF_MS = 12 * HOUR_MS;
// Up to this share is added, so that hosts which failed together do not come back together.
const BACK_OFF_JITTER = 1 / 4;
// A CA may ask for days, as for its limit of a week. A date far in the future would be an error.
const LONGEST_RETRY_AFTER_MS = 8 * 24 * HOUR_MS;
/** After any failure. */
export const LONGEST_WAIT_MS = LONGEST_RETRY_AFTER_MS * (1 + BACK_OFF_JITTER);

/** How long to wait after so many failures. `askedMs`: by Retry-After. `unit`: uniform in [0, 1). */
export function backOff(failures: number, askedMs: number, unit: number): number {
  const own = Math.min(FIRST_BACK_OFF_MS * 2 ** (Math.max(1, failures) - 1), LONGEST_BACK_OFF_MS);
  return Math.max(own, Math.min(askedMs, LONGEST_RETRY_AFTER_MS)) * (1 + unit * BACK_OFF_JITTER);
}

// Let's Encrypt allows an account 300 orders in 3 hours. Half of that leaves room for whatever else uses the account.
const ORDERS_PER_HOUR = 50;

/** The wall time from which the next order may be made. `orders`: when those of late were made, in order. */
export function nextOrderAt(orders: readonly number[]): number {
  const first = orders.at(-ORDERS_PER_HOUR);
  return first === undefined ? 0 : first + HOUR_MS;
}

/** Those that still count, and this one. */
export function withOrder(orders: readonly number[], now: number): readonly number[] {
  return [...orders.slice(1 - ORDERS_PER_HOUR), now];
}

/** A number in [0, 1) that every program of a fleet finds for the same text. */
export function unitOf(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0) / 2 ** 32;
}
