import type { Site } from "./site-settings.ts";

/** Finds the site that a Host selects. */
export class Sites {
  readonly names: readonly string[];
  readonly #byHost = new Map<string, string>();
  readonly #fallback: string | undefined;

  constructor(sites: readonly Site[]) {
    this.names = sites.map((site) => site.name);
    this.#fallback = sites.find((site) => site.hosts.length === 0)?.name;
    for (const { name, hosts } of sites) {
      for (const host of hosts) this.#byHost.set(hostOf(isBareIPv6(host) ? `[${host}]` : host), name);
    }
  }

  /**
   * The name of the site that answers `authority` (`host[:port]`, as in a Host field), or undefined when none
   * does. Without a host: the site that answers every Host.
   */
  of(authority: string): string | undefined {
    return this.#byHost.get(hostOf(authority)) ?? this.#fallback;
  }
}

/** The host of `host[:port]`, lower case, without the dot that may end a full domain name. */
function hostOf(authority: string): string {
  return authority.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");
}

/** Settings have an IPv6 address as it is, a Host field has it in brackets. */
function isBareIPv6(host: string): boolean {
  return host.includes(":") && !host.startsWith("[");
}
