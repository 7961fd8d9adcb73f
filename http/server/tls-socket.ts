import type { Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";

/** How a TLS port chooses its certificate. */
export interface TlsIdentity {
  /** For a client that names no host. */
  readonly unnamed: SecureContext;
  /** undefined: the client is refused. */
  named(host: string): SecureContext | undefined;
  /** RFC 8737: what proves to a CA that a host is ours; undefined: no CA is asked. */
  readonly challengeFor?: ((host: string) => SecureContext | undefined) | undefined;
}

/** RFC 8737 section 6.2: the protocol by which a CA looks at a challenge. Nothing is said by it. */
export const ACME_TLS = "acme-tls/1";

/** What a client asks for by SNI and ALPN. */
interface Asked {
  readonly servername: string;
  readonly protocols: readonly string[];
}

/** The server's side of a TLS connection over an accepted socket. It emits "secure" when its handshake is done. */
export class ServerTlsSocket extends TLSSocket {
  readonly #accepted: Socket;
  /** For a CA that looks at a challenge. */
  #challenge: SecureContext | undefined;

  /** `protocols`: names of ALPN (RFC 7301), the preferred one first. */
  constructor(accepted: Socket, identity: TlsIdentity, protocols: readonly string[]) {
    const options = {
      isServer: true,
      secureContext: identity.unnamed,
      ...(identity.challengeFor === undefined
        ? { ALPNProtocols: [...protocols] }
        : { ALPNCallback: (asked: Asked) => this.#protocol(asked, identity, protocols) }),
      SNICallback: (host: string, chosen: (error: Error | null, context?: SecureContext) => void) => {
        // node asks by ALPN first.
        const context = this.#challenge ?? identity.named(host);
        if (context === undefined) chosen(new Error(`no certificate for ${host}`));
        else chosen(null, context);
      },
      // A small mark makes a socket tell when all that was written has left.
      highWaterMark: 1,
    };
    super(accepted, options);
    this.#accepted = accepted;
  }

  /** RFC 7301 section 3.2: undefined refuses a client that knows none of them. */
  #protocol({ servername, protocols: theirs }: Asked, identity: TlsIdentity, ours: readonly string[]) {
    if (theirs.includes(ACME_TLS)) {
      const context = identity.challengeFor?.(servername);
      if (context !== undefined) {
        this.#challenge = context;
        return ACME_TLS;
      }
    }
    return ours.find((each) => theirs.includes(each));
  }

  /** node resets only sockets that are not encrypted. */
  override resetAndDestroy(): this {
    this.#accepted.resetAndDestroy();
    return this.destroy();
  }
}
