import { isIPv6 } from "node:net";

/**
 * Whom an address stands for when clients are counted. Whoever has one IPv6 address has a /64 of them (RFC 6177), so a
 * client is the first half of it. Other texts stand for themselves.
 */
export function clientOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [start = "", end] = (address.split("%", 1)[0] ?? "").split("::");
  const front = groupsOf(start);
  const back = end === undefined ? [] : groupsOf(end);
  const zeros = end === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array.from({ length: zeros }, () => 0), ...back];
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
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
