import { describeError, Failure } from "../../process/failure.ts";
import { type TlsCheck, tlsCheckOf } from "./tls-check.ts";

/** Why there is no response from an origin, or not a whole one, and what a client is told when none was begun. */
const STATUS_OF = {
  // RFC 9209 section 2.3, in its words.
  dns_error: 502,
  destination_unavailable: 503,
  destination_ip_unroutable: 502,
  connection_refused: 502,
  connection_terminated: 502,
  connection_timeout: 504,
  connection_limit_reached: 503,
  tls_protocol_error: 502,
  tls_certificate_error: 502,
  tls_alert_received: 502,
  http_response_incomplete: 502,
  http_response_header_section_size: 502,
  http_response_transfer_coding: 502,
  http_response_timeout: 504,
  http_upgrade_failed: 502,
  http_protocol_error: 502,
  proxy_internal_error: 502,
  // Ours, for content that broke off after the fields had come.
  "origin-body-short": 502,
  "origin-body-changed": 502,
} as const;

export type OriginErrorCode = keyof typeof STATUS_OF;

export const originErrorCodes = Object.keys(STATUS_OF) as readonly OriginErrorCode[];

/** How much of the response had arrived when it failed. */
export type Received = "nothing" | "some of the fields" | "the fields";

/** A Failure of an origin that says whether its response had begun. If not, another origin may be asked. */
export class OriginFailure extends Failure {
  declare readonly code: OriginErrorCode;
  readonly received: Received;
  /** More than `code` says, where more is known. */
  readonly check: TlsCheck | undefined;

  constructor(
    code: OriginErrorCode,
    received: Received,
    message: string,
    cause?: unknown,
    check?: TlsCheck | undefined,
  ) {
    super(code, "origin", message, cause);
    this.received = received;
    this.check = check;
  }
}

/** The status that answers a request whose origin failed with `code`; 502 for a code that is not an origin's. */
export function statusFor(code: string): 502 | 503 | 504 {
  return isOriginErrorCode(code) ? STATUS_OF[code] : 502;
}

export function isOriginErrorCode(code: string): code is OriginErrorCode {
  return Object.hasOwn(STATUS_OF, code);
}

/** A Failure for an error that was thrown while `what` was fetched. A Failure is returned as it is. */
export function originErrorOf(
  thrown: unknown,
  received: Received = "nothing",
  what = "The fetch from the origin",
): Failure {
  if (thrown instanceof Failure) return thrown;
  const code = codeFor(thrown, received);
  const check = code.startsWith("tls_") ? tlsCheckOf(nodeCode(thrown)) : undefined;
  return new OriginFailure(
    code,
    received,
    `${what} failed: ${code}: ${describeError(thrown)}`,
    thrown,
    check,
  );
}

function codeFor(thrown: unknown, received: Received): OriginErrorCode {
  if (!(thrown instanceof Error)) return "proxy_internal_error";
  if (thrown.name === "TimeoutError") return "http_response_timeout";
  const code = nodeCode(thrown);
  switch (code) {
    case "ECONNREFUSED":
      return "connection_refused";
    case "ETIMEDOUT":
      return received === "nothing" ? "connection_timeout" : brokenOff(received);
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EADDRNOTAVAIL":
      return "destination_ip_unroutable";
    case "EMFILE":
    case "ENFILE":
      return "destination_unavailable";
    case "ECONNABORTED":
    case "ECONNRESET":
    case "EPIPE":
      return brokenOff(received);
    default:
      return byFamily(code);
  }
}

function nodeCode(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : "";
}

/** The connection ended by itself. */
export function brokenOff(received: Received): OriginErrorCode {
  switch (received) {
    case "nothing":
      return "connection_terminated";
    case "some of the fields":
      return "http_response_incomplete";
    case "the fields":
      return "origin-body-short";
  }
}

function byFamily(code: string): OriginErrorCode {
  if (code === "ENOTFOUND" || code.startsWith("EAI_")) return "dns_error";
  // It is the origin that complains, be it about a certificate.
  if (/^ERR_SSL_.*ALERT/.test(code)) return "tls_alert_received";
  if (/CERT|^UNABLE_TO_|^HOSTNAME_MISMATCH$/.test(code)) return "tls_certificate_error";
  if (/^(EPROTO$|ERR_SSL_|ERR_TLS_)/.test(code)) return "tls_protocol_error";
  return "proxy_internal_error";
}
