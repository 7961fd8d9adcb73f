import { constants } from "node:crypto";
import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket, type TlsOptions } from "node:tls";
import { certificateNames } from "../../process/control/certificate-names.ts";
import type { ControlIdentity } from "../../process/control/control-identity.ts";
import { describeError } from "../../process/failure.ts";
import type { Log } from "../../process/log.ts";
import type { GateRefusal } from "../cache/call-refusals.ts";

export interface TlsGateParts {
  readonly identity: ControlIdentity;
  /** A caller without a certificate may come in: it can have a token. */
  readonly letsInAnonymous: boolean;
  readonly log: Pick<Log, "warn">;
  readonly onRefused: (reason: GateRefusal) => void;
}

// Three round trips of a far caller take less than a second.
const HANDSHAKE_MS = 10_000;

// RFC 8446 sections 4.6.1 and 2.2: a resumed session is not asked for its certificate again, so a caller whose CA was
// replaced would still come in. Without tickets and without a store of sessions nothing is resumed.
const NO_RESUMPTION = constants.SSL_OP_NO_TICKET;

/** Makes TLS of the connections to the control port, and lets in those of callers that prove who they are. */
export class TlsGate {
  readonly #parts: TlsGateParts;
  readonly #server: Server;
  readonly #admitted = new Map<TLSSocket, readonly string[]>();

  constructor(parts: TlsGateParts, admit: (socket: TLSSocket) => void) {
    this.#parts = parts;
    this.#server = createServer(optionsOf(parts.identity), (socket) => this.#secured(socket, admit));
    this.#server.on("tlsClientError", (thrown, socket) => {
      this.#refuse("handshake-failed", socket, reasonOf(thrown));
    });
    parts.identity.onChange(() => this.#server.setSecureContext(optionsOf(parts.identity)));
  }

  readonly take = (socket: Socket): void => {
    // This server listens nowhere: it only speaks TLS.
    this.#server.emit("connection", socket);
  };

  /** Ends the connections of the callers that `isCut` names. */
  cut(isCut: (names: readonly string[]) => boolean): void {
    for (const [socket, names] of this.#admitted) if (isCut(names)) socket.destroy();
  }

  #secured(socket: TLSSocket, admit: (socket: TLSSocket) => void): void {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined && !this.#parts.letsInAnonymous) {
      this.#refuse("no-certificate", socket, "it showed none");
      return;
    }
    if (certificate !== undefined && !socket.authorized) {
      const who = certificate.subjectAltName ?? certificate.subject ?? "";
      this.#refuse("bad-certificate", socket, `${String(socket.authorizationError)}: ${who}`);
      return;
    }
    this.#admitted.set(socket, certificateNames(certificate?.subjectAltName));
    socket.once("close", () => this.#admitted.delete(socket));
    admit(socket);
  }

  #refuse(reason: GateRefusal, socket: TLSSocket, why: string): void {
    this.#parts.onRefused(reason);
    this.#parts.log.warn(
      { sampled: "control-refused", reason, cause: why, by: socket.remoteAddress },
      "control connection refused",
    );
    socket.destroy();
  }
}

/** Errors of OpenSSL have it in few words, between the names of its own files. */
function reasonOf(thrown: Error): string {
  return "reason" in thrown && typeof thrown.reason === "string" ? thrown.reason : describeError(thrown);
}

function optionsOf({ current: { ca, pair } }: ControlIdentity): TlsOptions {
  return {
    ca,
    ...pair,
    requestCert: true,
    // The reason is told before the connection is closed.
    rejectUnauthorized: false,
    minVersion: "TLSv1.3",
    ALPNProtocols: ["h2"],
    handshakeTimeout: HANDSHAKE_MS,
    secureOptions: NO_RESUMPTION,
  };
}
