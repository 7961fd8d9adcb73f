import type { Fields } from "../../http/message/fields.ts";
import type { Scheme } from "../../http/message/scheme.ts";
import type { Peer } from "../../http/server/peer.ts";
import type { TrustedProxies } from "../../http/server/trusted-proxies.ts";
import { withoutDefaultPort } from "../origin/host-policy.ts";
import type { Sites } from "../origin/sites.ts";

/** The site that a request is for, and how the request came. */
export interface Addressed {
  readonly site: string;
  /** As in CacheRequest. */
  readonly base?: string;
  readonly scheme: Scheme;
  readonly authority: string;
  readonly addresses: string;
}

/** Finds the site of a request by its Host, with what trusted proxies say of it. */
export class Addressing {
  readonly #sites: Sites;
  readonly #proxies: TrustedProxies;

  constructor(sites: Sites, proxies: TrustedProxies) {
    this.#sites = sites;
    this.#proxies = proxies;
  }

  /** Another number once the sites were replaced: what `of` has told before may be wrong. */
  get generation(): number {
    return this.#sites.generation;
  }

  /** The address of the client, as trusted proxies report it. */
  clientOf(fields: Fields, { address, client, trusted }: Peer): string {
    return trusted ? this.#proxies.requester(address, fields.get("X-Forwarded-For")) : client;
  }

  /** `host`: what the request names. undefined: no site answers it. */
  of(fields: Fields, host: string | undefined, peer: Peer): Addressed | undefined {
    const scheme = this.#proxies.scheme(peer.address, fields.get("X-Forwarded-Proto"), peer.scheme);
    const named = this.#proxies.host(peer.address, fields.get("X-Forwarded-Host"), host);
    const authority = withoutDefaultPort(scheme, named ?? "");
    const site = this.#sites.of(authority);
    if (site === undefined) return undefined;
    const addresses = this.#proxies.chain(peer.address, fields.get("X-Forwarded-For"));
    return { site, ...this.#sites.told(site, scheme, authority), scheme, authority, addresses };
  }
}
