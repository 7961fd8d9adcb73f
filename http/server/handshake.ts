import type { OpenConnection } from "./connections.ts";
import { HANDSHAKE_MS } from "./handshakes.ts";
import type { Peer } from "./peer.ts";
import type { ServerTlsSocket } from "./tls-socket.ts";

/** Why a handshake did not end well: no agreement was reached, the client left, or it took too long. */
export const handshakeFaults = ["failed", "client-left", "too-slow"] as const;
export type HandshakeFault = (typeof handshakeFaults)[number];

// node tells a broken handshake by an event of its own. A client that sends no more before its end has given up.
const FAILURES = { _tlsError: "failed", end: "client-left", close: "client-left" } as const;

/** A connection whose TLS handshake is under way. It counts like any other one of its client. */
export class Handshake implements OpenConnection {
  readonly peer: Peer;
  readonly receives = false;
  place: OpenConnection["place"];
  readonly #since: number;
  readonly #failed: (fault: HandshakeFault | undefined) => void;

  /**
   * `done`: the client and the server have agreed. `failed`: the connection is closed, or will be; undefined: because the
   * server wanted it.
   */
  constructor(
    socket: ServerTlsSocket,
    peer: Peer,
    now: number,
    ended: { done(): void; failed(fault: HandshakeFault | undefined): void },
  ) {
    this.peer = peer;
    this.#since = now;
    const listeners = new Map<string, () => void>();
    const end = (tell: () => void) => {
      if (listeners.size === 0) return;
      for (const [event, listener] of listeners) socket.off(event, listener);
      listeners.clear();
      tell();
    };
    this.#failed = (fault) =>
      end(() => {
        socket.destroy();
        ended.failed(fault);
      });
    listeners.set("secure", () => end(() => ended.done()));
    for (const [event, fault] of Object.entries(FAILURES)) listeners.set(event, () => this.#failed(fault));
    for (const [event, listener] of listeners) socket.on(event, listener);
    socket.on("error", () => socket.destroy());
  }

  checkTime(now: number): void {
    if (now - this.#since > HANDSHAKE_MS) this.#failed("too-slow");
  }

  stop(): void {
    this.#failed(undefined);
  }

  destroy(): void {
    this.#failed(undefined);
  }
}
