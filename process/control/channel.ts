import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { type ChannelCredentials, type ChannelOptions, credentials, experimental } from "@grpc/grpc-js";
import { parseAddress } from "../address.ts";
import type { ControlIdentity } from "./control-identity.ts";

// RFC 6066 section 3: an address is no server name, and node refuses one. The certificate is checked against the address.
const NO_NAME = "control.invalid";

/**
 * How to reach the control port at `address`: without TLS, or with a certificate that must name the host of the address.
 * A channel that is open keeps its connection when the identity changes; the next connection uses the new one.
 */
export function channelTo(
  address: string,
  identity: ControlIdentity | undefined,
): { readonly credentials: ChannelCredentials; readonly options: ChannelOptions } {
  if (identity === undefined) return { credentials: credentials.createInsecure(), options: {} };
  const host = parseAddress(address)?.host ?? address;
  const own = identity.current.pair === undefined ? null : identity;
  return {
    credentials: experimental.createCertificateProviderChannelCredentials(identity, own, {
      checkServerIdentity: (_name: string, certificate: PeerCertificate) =>
        checkServerIdentity(host, certificate),
    }),
    options: isIP(host) === 0 ? {} : { "grpc.ssl_target_name_override": NO_NAME },
  };
}
