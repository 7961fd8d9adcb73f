import { BlockList, isIP, isIPv6 } from "node:net";
import type { ValueType } from "../../process/settings/values.ts";
import { authorityText, parseAuthority } from "../message/authority.ts";
import type { Scheme } from "../message/scheme.ts";
import { clientOf, withoutPort } from "./client-address.ts";

/** An IP address, or a network in CIDR notation. */
export const network: ValueType<string> = {
  name: "network",
  rule: "an IP address or a network such as 10.0.0.0/8 or fd00::/8",
  parse: (text) => (partsOf(text) === undefined ? undefined : text),
  format: (text) => text,
};

/** The proxies in front of us that are believed about the requests they pass on. */
export class TrustedProxies {
  readonly #networks = new BlockList();

  /** `networks`: values of `network`. */
  constructor(networks: readonly string[]) {
    for (const text of networks) {
      const parts = partsOf(text);
      if (parts !== undefined) this.#networks.addSubnet(parts.address, parts.prefix, familyOf(parts.address));
    }
  }

  /**
   * The addresses that a request came by, the client's first, for X-Forwarded-For: what `peer` says of those before
   * it, when it is trusted, and its own. A client's word would be a forgery.
   */
  chain(peer: string, said: string | undefined): string {
    const believed = said !== undefined && CHAIN.test(said) && this.trusts(peer);
    return believed ? `${said}, ${peer}` : peer;
  }

  /** The scheme that the client used, for X-Forwarded-Proto: the word of a trusted `peer`, else our port's scheme. */
  scheme(peer: string, said: string | undefined, own: Scheme): Scheme {
    if (said === undefined || !this.trusts(peer)) return own;
    // Several proxies make a list; the first value is that of the proxy nearest to the client.
    const first = said.split(",", 1)[0]?.trim().toLowerCase();
    return first === "http" || first === "https" ? first : own;
  }

  /** The host that the client asked for, for X-Forwarded-Host: the word of a trusted `peer`, else its Host. */
  host(peer: string, said: string | undefined, own: string | undefined): string | undefined {
    if (said === undefined || !this.trusts(peer)) return own;
    const authority = parseAuthority(said.split(",", 1)[0]?.trim() ?? "");
    return authority === undefined ? own : authorityText(authority);
  }

  /**
   * The client of a request (client-address.ts): the last address that is not trusted. A client can send anything in
   * front of it, so a list that is malformed there still names the client.
   */
  requester(peer: string, said: string | undefined): string {
    if (said === undefined || !this.trusts(peer)) return clientOf(peer);
    const members = said.split(",").map((member) => withoutPort(member.trim()));
    const client = members.findLast((address) => !this.trusts(address)) ?? members[0] ?? peer;
    return clientOf(MEMBER.test(client) ? client : peer);
  }

  /** Whether each address that a request came by is trusted. `chain`: as above. */
  trustsAll(chain: string): boolean {
    return chain.split(",").every((address) => this.trusts(address.trim()));
  }

  trusts(address: string): boolean {
    return isIP(address) !== 0 && this.#networks.check(address, familyOf(address));
  }
}

// Addresses, and what people put in their place, with commas between.
const MEMBER = /^[\w.:[\]-]+$/;
const CHAIN = /^[\w.:[\]-]+( *, *[\w.:[\]-]+){0,15}$/;

const NETWORK = /^([0-9A-Fa-f.:]+)(?:\/(\d{1,3}))?$/;

function partsOf(text: string): { readonly address: string; readonly prefix: number } | undefined {
  const [, address = "", bits] = NETWORK.exec(text) ?? [];
  if (isIP(address) === 0) return undefined;
  const most = isIPv6(address) ? 128 : 32;
  const prefix = bits === undefined ? most : Number(bits);
  return prefix <= most ? { address, prefix } : undefined;
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}
