import { constants } from "node:crypto";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { SecureContextOptions } from "node:tls";
import type { Express } from "express";
import type { ControlIdentity } from "./control/control-identity.ts";

// Prometheus, health checks and some people at their browsers; file descriptors stay for clients.
export const MOST_OPERATOR_CONNECTIONS = 100;

// So that one machine that only connects does not keep the others' health checks out.
export const MOST_FROM_ONE_ADDRESS = 50;

const SERVER_OPTIONS = {
  // Operators ask with a line and a few fields; all that they wait for is here.
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 8 * 1024,
  // Node looks every 30 s for connections that are over their time, unless told otherwise.
  connectionsCheckingInterval: 1_000,
};

const HANDSHAKE_MS = 5_000;

// A caller that takes nothing of its answer for so long has gone.
const IDLE_MS = 30_000;

/** The server of the operator port: HTTP, or HTTPS that asks callers for their certificates. */
export function operatorServer(app: Express, identity: ControlIdentity | undefined): Server {
  const server = identity === undefined ? createServer(SERVER_OPTIONS, app) : secureServer(app, identity);
  server.maxConnections = MOST_OPERATOR_CONNECTIONS;
  server.setTimeout(IDLE_MS);
  limitPerAddress(server);
  return server;
}

function secureServer(app: Express, identity: ControlIdentity): Server {
  const server = createTlsServer(
    {
      ...SERVER_OPTIONS,
      ...contextOf(identity),
      requestCert: true,
      // Health checks have no certificate; what needs one is refused by name.
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_MS,
    },
    app,
  );
  identity.onChange(() => server.setSecureContext(contextOf(identity)));
  return server;
}

function contextOf({ current: { ca, pair } }: ControlIdentity): SecureContextOptions {
  // RFC 8446 section 4.6.1: a resumed session is not asked for its certificate again. So nothing is resumed.
  return { ca, ...pair, minVersion: "TLSv1.3", secureOptions: constants.SSL_OP_NO_TICKET };
}

function limitPerAddress(server: Server): void {
  const held = new Map<string, number>();
  server.on("connection", (socket) => {
    const address = socket.remoteAddress ?? "";
    const count = (held.get(address) ?? 0) + 1;
    held.set(address, count);
    socket.once("close", () => {
      const left = (held.get(address) ?? 1) - 1;
      if (left === 0) held.delete(address);
      else held.set(address, left);
    });
    if (count > MOST_FROM_ONE_ADDRESS) socket.destroy();
  });
}
