import { isIP } from "node:net";
import { isHost } from "./settings/values.ts";

/** A TCP address; `host` is a name, IPv4, or IPv6 without brackets. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const HOST_AND_PORT = /^(?:\[([0-9a-f:.]+)\]|([^[\]:]+)):(\d{1,5})$/i;

/** Reads `host:port` or `[ipv6]:port`; undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  const match = HOST_AND_PORT.exec(text);
  if (match === null) return undefined;
  const [, bracketed, bare = ""] = match;
  const host = (bracketed ?? bare).toLowerCase();
  const port = Number(match[3]);
  // Only IPv6 addresses have a colon, so only they need brackets.
  if (!isHost(host) || (bracketed !== undefined) !== host.includes(":")) return undefined;
  return port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

/** For a text that is no address: the one that was meant, where a URL was given. */
export function addressHint(text: string): string | undefined {
  const address = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]+)\/?$/i.exec(text)?.[1];
  if (address === undefined || parseAddress(address) === undefined) return undefined;
  return `did you mean ${address}?`;
}

/** Whether listening on it is listening on every address of the machine. */
export function isEveryAddress(host: string): boolean {
  return host === "0.0.0.0" || (isIP(host) === 6 && /^[0:]+$/.test(host));
}

/** Whether only programs of this machine can reach what listens on it. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
