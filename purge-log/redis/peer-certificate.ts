import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

const DAY_MS = 24 * 3_600_000;

/** For how many days the certificate of the other side is still valid; undefined without TLS. `now`: wall clock. */
export function daysLeft(socket: Socket, now: number): number | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const endsAt = Date.parse(socket.getPeerCertificate().valid_to);
  return Number.isNaN(endsAt) ? undefined : (endsAt - now) / DAY_MS;
}
