import { isIP } from "node:net";
import { authorityText, parseAuthority } from "../../http/message/authority.ts";
import type { Scheme } from "../../http/message/scheme.ts";
import type { ValueType } from "../../process/settings/values.ts";

/** The Host that an HTTP origin is sent. */
export type HostPolicy =
  /** The one that the client asked for, as virtual hosts and absolute links need it. */
  | { readonly kind: "client" }
  /** That of the origin's own URL, as a server elsewhere may need it. */
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

/** The Host for an origin; undefined for that of its own URL. `authority` is the client's, "" when it named none. */
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
 * What an origin is told of the URI that the client asked for, beside the target. It is in the cache key: an answer
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
