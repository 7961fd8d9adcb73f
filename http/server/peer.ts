import type { Scheme } from "../message/scheme.ts";
import { clientOf } from "./client-address.ts";
import type { TrustedProxies } from "./trusted-proxies.ts";

/** The other end of a connection. The same object for each of its requests. */
export interface Peer {
  /** The scheme of the connection's port. */
  readonly scheme: Scheme;
  /** The client's IP address, or that of a proxy in front of us. */
  readonly address: string;
  /** Whom it counts for, see client-address.ts. */
  readonly client: string;
  /** Whether the peer is a trusted proxy. */
  readonly trusted: boolean;
  /** Field lines that every answer to it has, each with its end. */
  readonly ownLines: string;
  /** Such as TLSv1.3; undefined without TLS. */
  readonly tls?: string | undefined;
}

/** A socket for both IP versions shows IPv4 clients as ::ffff:192.0.2.7 (RFC 4291 section 2.5.5.2). */
export function peerAt(
  remoteAddress = "unknown",
  scheme: Scheme,
  proxies: TrustedProxies,
  ownLines = "",
): Peer {
  const mapped = remoteAddress.startsWith("::ffff:");
  const address = mapped ? remoteAddress.slice("::ffff:".length) : remoteAddress;
  return { scheme, address, client: clientOf(address), trusted: proxies.trusts(address), ownLines };
}
