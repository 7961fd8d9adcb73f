import { isEveryAddress, isLoopback } from "../../process/address.ts";
import type { OriginConfig } from "./open-origin.ts";
import { originUrls } from "./origin-urls.ts";
import { origin, type Site } from "./sites.ts";

/** The ports of this program. None of them can be an origin. */
export interface OwnPorts {
  readonly host: string;
  readonly advertise?: string | undefined;
  readonly ports: readonly number[];
}

/** Whether a fetch from `origin`, or from one of several, would reach one of our own ports. */
export function isOwnOrigin(origin: OriginConfig, own: OwnPorts): boolean {
  return originUrls(origin).some((url) => isOwnUrl(url, own));
}

function isOwnUrl({ protocol, hostname, port }: URL, own: OwnPorts): boolean {
  const defaultPort = protocol === "https:" ? 443 : 80;
  if (!own.ports.includes(port === "" ? defaultPort : Number(port))) return false;
  const name = plainHost(hostname);
  if (name === own.host || name === own.advertise || isEveryAddress(name)) return true;
  return isLoopback(name) && (isLoopback(own.host) || isEveryAddress(own.host));
}

/** A URL puts an IPv6 address in brackets, may end a name in a dot, and may write IPv4 as IPv6. */
function plainHost(hostname: string): string {
  const name = hostname.replace(/^\[|\]$|\.$/g, "");
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(name);
  if (mapped === null) return name;
  const halves = mapped.slice(1).map((half) => Number.parseInt(half, 16));
  return halves.flatMap((half) => [half >> 8, half & 0xff]).join(".");
}

/** Each site whose fetches would come back to this program. `fieldOf`: the setting with its origin. */
export function ownOriginProblems(
  sites: readonly Site[],
  own: OwnPorts,
  fieldOf: (site: Site) => string,
): string[] {
  return sites
    .filter(({ origin, origins = {} }) =>
      [origin, ...Object.values(origins)].some((each) => isOwnOrigin(each, own)),
    )
    .map((site) => `${fieldOf(site)}: must not be a port of this edge, got "${origin.format(site.origin)}"`);
}
