import { Failure } from "../../process/failure.ts";

/** Why a certificate was not got. The words stand in logs and metrics. */
export const acmeFailures = [
  /** The CA could not be reached, or its own certificate was not trusted. */
  "unreachable",
  /** The CA limits how often it is asked (RFC 8555 section 6.6). */
  "rate-limited",
  /** The CA found no proof that the host is ours. */
  "challenge-failed",
  /** The CA refused something else. */
  "refused",
  /** The storage could not be read or written. */
  "storage",
  /** A program was killed before its order was over. */
  "unfinished",
] as const;
export type AcmeFailure = (typeof acmeFailures)[number];

/** What becomes of an order. */
export type OrderEnd = "issued" | AcmeFailure;

/** An order that failed. */
export class AcmeRefusal extends Failure {
  readonly reason: AcmeFailure;
  /** RFC 8555 section 6.6: how long the CA asks to wait; 0 when it does not say. */
  readonly askedMs: number;
  /** RFC 8555 section 6.7: the error type, without its prefix. */
  readonly type: string | undefined;

  constructor(
    reason: AcmeFailure,
    message: string,
    {
      askedMs = 0,
      type,
      cause,
    }: { readonly askedMs?: number; readonly type?: string; readonly cause?: unknown } = {},
  ) {
    super(`acme-${reason}`, "config", message, cause);
    this.reason = reason;
    this.askedMs = askedMs;
    this.type = type;
  }
}

const PREFIX = "urn:ietf:params:acme:error:";

/** RFC 8555 section 6.7: the type of a problem document, without its prefix. */
export function problemType(type: unknown): string | undefined {
  return typeof type === "string" && type.startsWith(PREFIX) ? type.slice(PREFIX.length) : undefined;
}

/** RFC 9110 section 10.2.3: seconds, or a date. 0 for anything else. */
export function retryAfterMs(value: string | undefined, now: number): number {
  if (value === undefined) return 0;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const until = Date.parse(value);
  return Number.isNaN(until) ? 0 : Math.max(0, until - now);
}
