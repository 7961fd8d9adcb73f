import { isIP } from "node:net";

// RFC 9112 section 3.2: the Host field is a host and an optional port; IPv6 stands in brackets.
const HOST_FIELD = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/;

/**
 * Whether a request with this Host field means this program. A page of another site can have its own name resolved to
 * our address, and then read what we answer (DNS rebinding). It cannot make a browser send another Host than that name.
 */
export function isOwnName(field: string, names: ReadonlySet<string>): boolean {
  const match = HOST_FIELD.exec(field);
  if (match === null) return false;
  const [, bracketed, bare = ""] = match;
  const host = (bracketed ?? bare).toLowerCase().replace(/\.$/, "");
  // RFC 6761 section 6.3: names under localhost are always loopback. An address is not resolved at all.
  return isIP(host) !== 0 || host === "localhost" || host.endsWith(".localhost") || names.has(host);
}
