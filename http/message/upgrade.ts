import { listMembers } from "./comma-list.ts";
import type { HttpVersion } from "./message-framing.ts";
import { rawValues } from "./raw-fields.ts";

const NONE: readonly string[] = [];

/**
 * RFC 9110 section 7.8: the protocols that a message names in Upgrade, in lower case and in its order. None where
 * Connection does not name the field too: then it was meant for another recipient. `raw`: name, value, name, value …
 */
export function namedProtocols(version: HttpVersion, raw: readonly string[]): readonly string[] {
  const named = rawValues(raw, "upgrade");
  // A server ignores Upgrade in HTTP/1.0, and HTTP/2 has no such field.
  if (named.length === 0 || version !== "1.1") return NONE;
  const options = rawValues(raw, "connection").flatMap(listMembers);
  if (!options.some((option) => option.toLowerCase() === "upgrade")) return NONE;
  return named.flatMap(listMembers).map((protocol) => protocol.toLowerCase());
}

/** The lines with which a message of HTTP/1.1 names one protocol. */
export function upgradeLines(protocol: string): string {
  return `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n`;
}

// RFC 9110 section 7.8: name and version. In a tunnel of HTTP a client would ask the origin past every rule of this
// program, and TLS would hide that it does.
const PROTOCOL =
  /^(?!(?:http|h2c?|h3|tls|ssl)(?:\/|$))[!#$%&'*+.^_`|~\da-z-]{1,64}(?:\/[!#$%&'*+.^_`|~\da-z-]{1,64})?$/;

/** Whether a protocol, in lower case, may be spoken through a tunnel. */
export function mayBeTunnelled(protocol: string): boolean {
  return PROTOCOL.test(protocol);
}
