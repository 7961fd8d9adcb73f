import type { OpenConnection } from "./connections.ts";
import { HANDSHAKE_MS } from "./handshakes.ts";
import type { Peer } from "./peer.ts";
import type { ServerTlsSocket } from "./tls-socket.ts";

// node tells a broken handshake by an event of its own. A client that sends no more before its end has given up.
const FAILURES = ["_tlsError", "end", "close"] as const;

/** A connection whose TLS handshake is under way. It counts like any other one of its client. */
export class Handshake implements OpenConnection {
  readonly peer: Peer;
  readonly receives = false;
  readonly #socket: ServerTlsSocket;
  readonly #since: number;

  /** `done`: the client and the server have agreed. `failed`: the connection is closed, or will be. */
  constructor(socket: ServerTlsSocket, peer: Peer, now: number, ended: { done(): void; failed(): void }) {
    this.peer = peer;
    this.#socket = socket;
    this.#since = now;
    const failed = () => {
      socket.off("secure", done);
      socket.destroy();
      ended.failed();
    };
    const done = () => {
      for (const event of FAILURES) socket.off(event, failed);
      ended.done();
    };
    socket.once("secure", done);
    for (const event of FAILURES) socket.once(event, failed);
    socket.on("error", () => socket.destroy());
  }

  checkTime(now: number): void {
    if (now - this.#since > HANDSHAKE_MS) this.#socket.destroy();
  }

  stop(): void {
    this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
