import { isIP } from "node:net";
import type { OriginConfig } from "./open-origin.ts";

/** The ports that must not be asked for content: those that this program serves. */
export interface OwnPorts {
  readonly host: string;
  readonly advertise?: string | undefined;
  readonly ports: readonly number[];
}

/** Whether fetching from `origin`, or from one of several, would come back to one of our own ports. */
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
  const name = plainHost(hostname);
  if (name === own.host || name === own.advertise || isEveryAddress(name)) return true;
  return isLoopback(name) && (isLoopback(own.host) || isEveryAddress(own.host));
}

/** In a URL, an IPv6 address stands in brackets, a name may end in the root's dot, and IPv4 may be written as IPv6. */
function plainHost(hostname: string): string {
  const name = hostname.replace(/^\[|\]$|\.$/g, "");
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(name);
  if (mapped === null) return name;
  const halves = mapped.slice(1).map((half) => Number.parseInt(half, 16));
  return halves.flatMap((half) => [half >> 8, half & 0xff]).join(".");
}

/** Whether listening on it is listening on every address of the machine. */
export function isEveryAddress(host: string): boolean {
  return host === "0.0.0.0" || (isIP(host) === 6 && /^[0:]+$/.test(host));
}

/** Whether only programs of this machine can reach what listens on it. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
