import { printable } from "../printable.ts";

// The other side took the connection and closed it before it said anything.
const CLOSED_AT_ONCE =
  /Last error: (Failed to connect|(Error: )?((read|write) (ECONNRESET|EPIPE)|Socket closed|Client network socket disconnected))/;
// Any other error than one of the network is about certificates, or the other side speaks no TLS.
const NETWORK_ERROR = /Last error: (Error: )?((connect|read|write) )?(E[A-Z]+\b(?<!EPROTO)|getaddrinfo|\.)/;
const LAST_ERROR = /Last error: (?:Error: )?(.*?)\. Resolution note/s;

/**
 * Why two sides of the control plane have no connection that both trust, as the end of a sentence about the other one.
 * Undefined when the network is the likelier reason. `details`: of grpc-js, which tells it in its own words only.
 */
export function whyUntrusted(details: string, isSecure: boolean): string | undefined {
  if (CLOSED_AT_ONCE.test(details)) {
    const why = isSecure
      ? "it may want a certificate of its own CA (--control-cert, --control-key); its log says why"
      : "it may speak TLS only (--control-ca)";
    return `closed the connection at once: ${why}`;
  }
  const [, last] = LAST_ERROR.exec(details) ?? [];
  if (!isSecure || last === undefined || NETWORK_ERROR.test(details)) return undefined;
  if (last.includes("wrong version number")) return "speaks no TLS: leave --control-ca out";
  return `is no edge that --control-ca lets trust: ${printable(last).trim()}`;
}
