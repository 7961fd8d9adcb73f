import { Failure } from "../process/failure.ts";
import { isHost, show } from "../process/settings/values.ts";

// An IPv6 address stands in brackets, as in a URL (RFC 3986 section 3.2.2).
const SHAPE = /^(?:\[([\da-f:.]+)\]|([^[\]:]+)):(\d{1,5})$/i;

/** Whether it is host:port with a port that can be called. */
export function isAddress(text: string): boolean {
  const match = SHAPE.exec(text);
  if (match === null) return false;
  const port = Number(match[3]);
  return isHost(match[1] ?? match[2] ?? "") && port >= 1 && port <= 65_535;
}

/**
 * The gRPC addresses to try, in order: every `--edge`, each of which may be a list separated by commas;
 * else the environment's; else the first edge of the one-command system. Throws Failure("bad-usage").
 */
export function edgeAddresses(
  given: readonly string[] | undefined,
  environment: string | undefined,
): string[] {
  const named =
    given ?? (environment === undefined || environment === "" ? ["127.0.0.1:50051"] : [environment]);
  const source = given === undefined ? "EDGECACHE_EDGE" : "--edge";
  const addresses = named.flatMap((list) => list.split(",")).map((address) => address.trim());
  for (const address of addresses) {
    if (!isAddress(address)) {
      const rule = "must be host:port, such as 127.0.0.1:50051, or several separated by commas";
      throw new Failure("bad-usage", "client", `${source}: ${rule}: ${show(address)}`);
    }
  }
  return [...new Set(addresses)];
}
