import { setting } from "../../process/settings/program.ts";
import { bytes, duration, wholeNumber } from "../../process/settings/values.ts";

/** The limits of the server for one client. A client is an IPv4 address or an IPv6 /64. */
export interface ClientLimits {
  /** Open at the same time. A trusted proxy has no such limit. */
  readonly clientConnections: number;
  /** Concurrent requests. Requests that a trusted proxy forwards count for the client behind it. */
  readonly clientRequests: number;
  /** For the whole body of a request, in milliseconds from the moment at which the server first waits for it. */
  readonly bodyTimeout: number;
  /** Bytes a second that a body must have on average, after 30 s. */
  readonly bodyRate: number;
}

/** Of a program's settings. */
export function clientLimitsOf({
  clientConnections,
  clientRequests,
  bodyTimeout,
  bodyRate,
}: ClientLimits): ClientLimits {
  return { clientConnections, clientRequests, bodyTimeout, bodyRate };
}

/** The line for the log when a client has reached a limit. `forwards`: it sends X-Forwarded-For and is not trusted. */
export function clientLimitWarning(forwards: boolean): string {
  return forwards
    ? "client limit reached by a peer that sends X-Forwarded-For and that --trusted-proxies leaves out: all clients behind it count as one; if it is a proxy or a router of yours, name it there"
    : "client limit reached; if this is a proxy or a router, name it in --trusted-proxies";
}

const SECOND_MS = 1_000;
const HOUR_MS = 3_600 * SECOND_MS;

/** The settings of both programs. */
export const clientLimitSettings = {
  clientConnections: setting({
    type: wholeNumber(1, 1_000_000),
    // A quarter of all: an office or a school behind one address has room, and one client leaves most to others.
    default: 1_000,
    help: "Connections that one client address (IPv6: a /64) may have open; more are closed at once. A trusted proxy may have any number.",
  }),
  clientRequests: setting({
    type: wholeNumber(1, 1_000_000),
    default: 1_000,
    help: "Requests of one client address that may be under way, seen through trusted proxies; more are answered 429. Answers from the store that leave at once do not count.",
  }),
  bodyTimeout: setting({
    type: duration(SECOND_MS, 24 * HOUR_MS),
    // 1 GiB at 10 Mbit/s.
    default: 900 * SECOND_MS,
    help: "How long a request may take to send its body; then it is answered 408.",
  }),
  bodyRate: setting({
    type: bytes(1, 2 ** 30),
    // The speed of a modem of 1998. A slower client holds the connection on purpose.
    default: 4 * 1024,
    help: "Bytes a second that a request's body must have on average, after 30s; a slower one is answered 408.",
  }),
} as const;

/** The defaults of edge and router. */
export const defaultClientLimits: ClientLimits = {
  clientConnections: clientLimitSettings.clientConnections.default,
  clientRequests: clientLimitSettings.clientRequests.default,
  bodyTimeout: clientLimitSettings.bodyTimeout.default,
  bodyRate: clientLimitSettings.bodyRate.default,
};
