import type { Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";

/** How a TLS port chooses its certificate. */
export interface TlsIdentity {
  /** For a client that names no host. */
  readonly unnamed: SecureContext;
  /** undefined: the client is refused. */
  named(host: string): SecureContext | undefined;
}

/** The server's side of a TLS connection over an accepted socket. It emits "secure" when its handshake is done. */
export class ServerTlsSocket extends TLSSocket {
  readonly #accepted: Socket;

  /** `protocols`: names of ALPN (RFC 7301), the preferred one first. */
  constructor(accepted: Socket, identity: TlsIdentity, protocols: readonly string[]) {
    const options = {
      isServer: true,
      secureContext: identity.unnamed,
      ALPNProtocols: [...protocols],
      SNICallback: (host: string, chosen: (error: Error | null, context?: SecureContext) => void) => {
        const context = identity.named(host);
        if (context === undefined) chosen(new Error(`no certificate for ${host}`));
        else chosen(null, context);
      },
      // A small mark makes a socket tell when all that was written has left.
      highWaterMark: 1,
    };
    super(accepted, options);
    this.#accepted = accepted;
  }

  /** node resets only sockets that are not encrypted. */
  override resetAndDestroy(): this {
    this.#accepted.resetAndDestroy();
    return this.destroy();
  }
}
