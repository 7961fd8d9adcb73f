import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type SecureContext } from "node:tls";
import type { FieldLimits } from "../message/field-lines.ts";

/** Where a connection leads. */
export interface Server {
  /** A name, IPv4, or IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly connectMs: number;
  /** How large a field section is taken from it. */
  readonly limits: FieldLimits;
  /** Undefined: without TLS. */
  readonly tls?: ServerTls | undefined;
  /** RFC 7301: the protocols of which a server with TLS chooses one. Default: HTTP/1.1. */
  readonly protocols?: readonly string[] | undefined;
}

export interface ServerTls {
  /** RFC 6066 section 3; "" for an address. */
  readonly servername: string;
  /** The last session, which spares the next connection a round trip. */
  session: Buffer | undefined;
  /** Whom this side believes, and what it shows, for the next connection; undefined: as usual. */
  readonly context?: (() => SecureContext) | undefined;
}

// Shared by all connections: each read uses or copies its bytes before it ends.
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

// A peer that has vanished without a word is noticed by probes of the kernel, after a minute without a byte.
const PROBE_AFTER_MS = 60_000;

/** Gets what one read has brought; valid until it returns. Returns whether to read on. */
type OnRead = (length: number, bytes: Uint8Array) => boolean;

/** A socket that is connecting. `highWaterMark`: bytes that wait until it says that it is full; undefined: as usual. */
export function openSocket(
  { host, port, tls, protocols = ["http/1.1"] }: Server,
  callback: OnRead,
  highWaterMark?: number,
): Socket {
  const tcp = {
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: PROBE_AFTER_MS,
    onread: { buffer: READ_BUFFER, callback },
    ...(highWaterMark === undefined ? {} : { highWaterMark }),
  };
  if (tls === undefined) return connectTcp(tcp);
  const { servername, session } = tls;
  const secureContext = tls.context?.();
  const settings = {
    ...(session === undefined ? {} : { session }),
    ...(secureContext === undefined ? {} : { secureContext }),
  };
  const socket = connectTls({ ...tcp, ...settings, servername, ALPNProtocols: [...protocols] });
  return socket
    .on("session", (latest) => {
      tls.session = latest;
    })
    .on("error", () => {
      // A session that the server takes no more must not stand in the way of the next connection.
      tls.session = undefined;
    });
}

/** The error of a server that could not be connected to in time. */
export function tooLate({ connectMs }: Server): Error {
  return Object.assign(new Error(`no connection within ${connectMs} ms`), { code: "ETIMEDOUT" });
}
