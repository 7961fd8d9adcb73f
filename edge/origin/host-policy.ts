import { isIP } from "node:net";
import { authorityText, parseAuthority } from "../../http/message/authority.ts";
import type { Scheme } from "../../http/message/scheme.ts";
import type { ValueType } from "../../process/settings/values.ts";

/** The Host that an HTTP origin receives. */
export type HostPolicy =
  /** The client's, for virtual hosts and absolute links. */
  | { readonly kind: "client" }
  /** The one in the origin's URL, for a server elsewhere. */
  | { readonly kind: "origin" }
  | { readonly kind: "fixed"; readonly host: string };

export const CLIENT_HOST: HostPolicy = { kind: "client" };

export const hostPolicy: ValueType<HostPolicy> = {
  name: "client|origin|host",
  rule: "client, origin, or a host name with an optional port",
  parse: (text) => {
    if (text === "client" || text === "origin") return { kind: text };
    const authority = parseAuthority(text);
    return authority === undefined ? undefined : { kind: "fixed", host: authorityText(authority) };
  },
  format: (policy) => (policy.kind === "fixed" ? policy.host : policy.kind),
};

/** The Host for an origin; undefined: the one in its URL. `authority` is the client's, "" if it sent none. */
export function hostFor(policy: HostPolicy, authority: string): string | undefined {
  switch (policy.kind) {
    case "client":
      return authority === "" ? undefined : authority;
    case "origin":
      return undefined;
    case "fixed":
      return policy.host;
  }
}

/**
 * The scheme and host of the client's URI, as the origin receives them. It is in the cache key: an answer
 * that was made for one host or scheme, a redirect to itself for instance, must not go to clients of another.
 */
export function toldBase(policy: HostPolicy, scheme: Scheme, authority: string): string {
  return `${scheme}://${policy.kind === "client" ? withoutDefaultPort(scheme, authority) : ""}`;
}

/** RFC 9110 section 4.2.3: the default port may be left out, and makes no other URI. */
export function withoutDefaultPort(scheme: Scheme, authority: string): string {
  return authority.replace(scheme === "https" ? /:443$/ : /:80$/, "");
}

/** The name for TLS (RFC 6066 section 3), which is no address; "" for none. It is the origin's, whatever Host says. */
export function serverNameOf(base: URL): string {
  const host = base.hostname.replace(/^\[(.*)\]$/, "$1");
  return isIP(host) === 0 ? host : "";
}
