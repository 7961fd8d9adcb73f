import { isIPv4, isIPv6 } from "node:net";

// HAProxy, "The PROXY protocol", versions 1 and 2: what a load balancer sends before the bytes of its client.

/** Why a connection that must begin with a preamble was closed. */
export const preambleFaults = [
  /** It begins with something else. */
  "missing",
  /** It has the signature, and breaks a rule of the version behind it. */
  "malformed",
  /** It did not arrive in time, or the connection ended before. */
  "incomplete",
] as const;

/** The line of the log. */
export const PREAMBLE_REFUSED =
  "connection closed: its PROXY header was not as it must be (--proxy-protocol)";

export type PreambleFault = (typeof preambleFaults)[number];

export type PreambleRead =
  /** The bytes may be the beginning of one. */
  | { readonly kind: "more" }
  /** `source`: the client's address; undefined: the load balancer speaks for itself, as in a health check. */
  | { readonly kind: "preamble"; readonly source: string | undefined; readonly end: number }
  | { readonly kind: "refused"; readonly fault: PreambleFault };

const MORE: PreambleRead = { kind: "more" };
const MISSING: PreambleRead = { kind: "refused", fault: "missing" };
const MALFORMED: PreambleRead = { kind: "refused", fault: "malformed" };

const V1_START = Buffer.from("PROXY ", "latin1");
const V2_START = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

// Section 2.1: the longest line that there is, with its CRLF.
const V1_MOST = 107;
// Section 2.2: a first segment has 536 bytes everywhere. Certificates of clients, which some add, make it longer.
const V2_MOST = 4096;
const V2_FIXED = 16;

/** Reads the preamble at the beginning of `bytes`. */
export function readPreamble(bytes: Buffer): PreambleRead {
  if (startsWith(bytes, V2_START)) return bytes.length < V2_FIXED ? MORE : readV2(bytes);
  if (startsWith(bytes, V1_START)) return bytes.length < V1_START.length ? MORE : readV1(bytes);
  return MISSING;
}

/** As far as there are bytes. */
function startsWith(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}

const V1_FAMILIES: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ["TCP4", isIPv4],
  ["TCP6", isIPv6],
]);

function readV1(bytes: Buffer): PreambleRead {
  const end = bytes.subarray(0, V1_MOST).indexOf("\r\n");
  if (end < 0) return bytes.length < V1_MOST ? MORE : MALFORMED;
  const line = bytes.toString("latin1", V1_START.length, end);
  const after = end + 2;
  // Section 2.1: what follows UNKNOWN is ignored.
  if (/^UNKNOWN( |$)/.test(line)) return { kind: "preamble", source: undefined, end: after };
  const [family = "", source = "", target = "", ...ports] = line.split(" ");
  const isAddress = V1_FAMILIES.get(family);
  if (isAddress === undefined || !isAddress(source) || !isAddress(target)) return MALFORMED;
  if (ports.length !== 2 || !ports.every(isPort)) return MALFORMED;
  return { kind: "preamble", source: source.toLowerCase(), end: after };
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

// Section 2.2: family and transport.
const V2_TCP4 = 0x11;
const V2_TCP6 = 0x21;
const V2_UNSPECIFIED = 0x00;
const LOCAL = 0x20;
const PROXY = 0x21;

function readV2(bytes: Buffer): PreambleRead {
  const command = bytes.readUInt8(12);
  const family = bytes.readUInt8(13);
  const length = bytes.readUInt16BE(14);
  const end = V2_FIXED + length;
  if ((command !== LOCAL && command !== PROXY) || end > V2_MOST) return MALFORMED;
  // Section 2.2: LOCAL says nothing of a client, whatever the family.
  const isOwn = command === LOCAL || family === V2_UNSPECIFIED;
  // Two addresses and two ports.
  const addresses = family === V2_TCP4 ? 12 : family === V2_TCP6 ? 36 : undefined;
  if (!isOwn && (addresses === undefined || length < addresses)) return MALFORMED;
  if (bytes.length < end) return MORE;
  if (isOwn) return { kind: "preamble", source: undefined, end };
  const source = family === V2_TCP4 ? ipv4At(bytes, V2_FIXED) : ipv6At(bytes, V2_FIXED);
  return { kind: "preamble", source, end };
}

function ipv4At(bytes: Buffer, at: number): string {
  return bytes.subarray(at, at + 4).join(".");
}

function ipv6At(bytes: Buffer, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(at + 2 * index));
  // RFC 4291 section 2.5.5.2: an IPv4 client of a listener for both versions.
  if (groups.slice(0, 6).join() === "0,0,0,0,0,65535") return ipv4At(bytes, at + 12);
  // RFC 5952 section 4, as far as a URL's parser writes it so.
  const text = groups.map((group) => group.toString(16)).join(":");
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}
