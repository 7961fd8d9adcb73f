import { TrustedProxies } from "../../../http/server/trusted-proxies.ts";
import type { NetworkTest } from "../../rules/site/compiled-rule.ts";

/** An address as it counts for a client: of an IPv6 address the first half, written as a network (client-address.ts). */
export const networkTest: NetworkTest = (networks) => {
  const members = new TrustedProxies(networks);
  return (address) => members.trusts(address.replace(/\/64$/, ""));
};
