import { isIPv6 } from "node:net";

/**
 * The client of an address, as clients are counted. A site with one IPv6 address has a /64 of them (RFC 6177), so a client
 * is the first half of it. An IPv4 address may be written as an IPv6 one (RFC 4291 section 2.5.5.2). Other texts
 * stand for themselves.
 */
export function clientOf(address: string): string {
  if (!isIPv6(address)) return address;
  const groups = groupsOfIPv6(address);
  const [high = 0, low = 0] = groups.slice(6);
  if (groups.slice(0, 6).join() === IPV4_MAPPED)
    return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

/** The eight numbers of an IPv6 address. */
export function groupsOfIPv6(address: string): readonly number[] {
  const [start = "", end] = (address.split("%", 1)[0] ?? "").split("::");
  const front = groupsOf(start);
  const back = end === undefined ? [] : groupsOf(end);
  const zeros = end === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  return [...front, ...Array.from({ length: zeros }, () => 0), ...back];
}

const IPV4_MAPPED = [0, 0, 0, 0, 0, 0xffff].join();

// Some proxies add the port to an address, and brackets to one of IPv6 (RFC 7239 section 6 has them in Forwarded).
const WITH_PORT = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/;

/** The address in a member of X-Forwarded-For, without its port. Other texts stay as they are. */
export function withoutPort(member: string): string {
  const [, ipv6, ipv4] = WITH_PORT.exec(member) ?? [];
  return ipv6 ?? ipv4 ?? member;
}

function groupsOf(text: string): readonly number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    // RFC 4291 section 2.2: an IPv4 address may stand for the last two groups.
    const bytes = group.split(".").map(Number);
    const [a = 0, b = 0, c = 0, d = 0] = bytes;
    return bytes.length === 4 ? [a * 256 + b, c * 256 + d] : [Number.parseInt(group, 16)];
  });
}
