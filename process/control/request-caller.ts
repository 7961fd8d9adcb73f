import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import { certificateNames } from "./certificate-names.ts";

/** Who sent a request to the operator port. */
export interface RequestCaller {
  /** Every value of the field Authorization. */
  readonly authorization: readonly string[];
  /** Of its certificate; undefined: it showed none that is valid. */
  readonly names: readonly string[] | undefined;
  /** Its address and port. */
  readonly peer: string;
}

export function requestCaller({ headersDistinct, socket }: IncomingMessage): RequestCaller {
  const certificate =
    socket instanceof TLSSocket && socket.authorized ? socket.getPeerX509Certificate() : undefined;
  return {
    authorization: headersDistinct.authorization ?? [],
    names: certificate === undefined ? undefined : certificateNames(certificate.subjectAltName),
    peer: `${socket.remoteAddress ?? ""}:${socket.remotePort ?? 0}`,
  };
}
