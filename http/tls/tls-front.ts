import type { Clock } from "../../process/clock.ts";
import type { Log } from "../../process/log.ts";
import { Certificates } from "./certificates.ts";
import type { TlsValues } from "./tls-settings.ts";

/** The certificates of a program's TLS port, and what every answer on it says. */
export interface TlsFront {
  readonly port: number;
  readonly identity: Certificates;
  /** Field lines, each with its end. */
  readonly ownLines: string;
  /** Whether answers tell the version of TLS. */
  readonly tellsVersion: boolean;
}

/** undefined: the settings name no TLS port. `hosts`: of the configured sites; empty: any. Throws a Failure. */
export function tlsFrontOf(
  values: TlsValues,
  hosts: readonly string[],
  clock: Clock,
  log: Log,
): TlsFront | undefined {
  const { tlsPort, tlsCert, tlsKey, tlsUnknownName, tlsTicketKeys, hsts, tellTls } = values;
  if (tlsPort === undefined) return undefined;
  const pairs = tlsCert.map((cert, index) => ({ cert, key: tlsKey[index] ?? "" }));
  const identity = new Certificates(
    { pairs, unknownName: tlsUnknownName, ticketKeys: tlsTicketKeys, hosts },
    clock,
    log,
  );
  // RFC 6797 section 6.1.1: in seconds.
  const ownLines =
    hsts === undefined ? "" : `Strict-Transport-Security: max-age=${Math.floor(hsts / 1000)}\r\n`;
  return { port: tlsPort, identity, ownLines, tellsVersion: tellTls };
}
