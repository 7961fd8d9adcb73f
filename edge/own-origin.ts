import { isIP } from "node:net";
import type { OriginConfig } from "./origin/open-origin.ts";

/** The data ports that must not be asked for content: those that this program serves. */
export interface OwnPorts {
  readonly host: string;
  readonly advertise?: string | undefined;
  readonly ports: readonly number[];
}

/** Whether fetching from `origin`, or from one of several, would come back to one of our own data ports. */
export function isOwnOrigin(origin: OriginConfig, own: OwnPorts): boolean {
  switch (origin.kind) {
    case "directory":
      return false;
    case "http":
      return isOwnUrl(origin.url, own);
    case "several":
      return origin.urls.some((url) => isOwnUrl(url, own));
  }
}

function isOwnUrl({ protocol, hostname, port }: URL, own: OwnPorts): boolean {
  const defaultPort = protocol === "https:" ? 443 : 80;
  if (!own.ports.includes(port === "" ? defaultPort : Number(port))) return false;
  // In a URL, an IPv6 address stands in brackets.
  const name = hostname.replace(/^\[|\]$/g, "");
  if (name === own.host || name === own.advertise || isEveryAddress(name)) return true;
  return isLoopback(name) && (isLoopback(own.host) || isEveryAddress(own.host));
}

/** Whether listening on it is listening on every address of the machine. */
export function isEveryAddress(host: string): boolean {
  return host === "0.0.0.0" || (isIP(host) === 6 && /^[0:]+$/.test(host));
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
