import type { Socket } from "node:net";
import { Connection } from "./connection.ts";
import type { ConnectionMaker, ConnectionParts, Receiver } from "./connection-parts.ts";
import type { OpenConnection } from "./connections.ts";
import type { Peer } from "./peer.ts";

// RFC 9113 section 3.4: the preface of HTTP/2 begins with a method that nobody uses.
const PRI = Buffer.from("PRI ");

/** A connection on a port that takes HTTP/2 with prior knowledge, until its first bytes tell the protocol. */
export class FirstBytes implements OpenConnection {
  readonly peer: Peer;
  readonly receives = false;
  place: OpenConnection["place"];
  readonly #socket: Socket;
  readonly #parts: ConnectionParts;
  readonly #http2: ConnectionMaker;
  readonly #since: number;
  #came = Buffer.alloc(0);
  #chosen: Receiver | undefined;

  constructor(socket: Socket, peer: Peer, parts: ConnectionParts, http2: ConnectionMaker) {
    this.peer = peer;
    this.#socket = socket;
    this.#parts = parts;
    this.#http2 = http2;
    this.#since = parts.clock.monotonic();
    socket.on("error", () => socket.destroy()).on("close", this.#closed);
    socket.on("end", this.#ended);
  }

  received(bytes: Buffer, shared: boolean): void {
    if (this.#chosen !== undefined) {
      this.#chosen.received(bytes, shared);
      return;
    }
    const came = this.#came.length === 0 ? bytes : Buffer.concat([this.#came, bytes]);
    const begin = came.subarray(0, PRI.length);
    if (begin.equals(PRI)) this.#choose(this.#http2, came, shared);
    else if (begin.equals(PRI.subarray(0, begin.length))) this.#came = Buffer.from(came);
    else this.#choose((...of) => new Connection(...of), came, shared);
  }

  checkTime(now: number): void {
    if (now - this.#since > this.#parts.limits.fieldsMs) this.#socket.destroy();
  }

  stop(): void {
    this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #choose(make: ConnectionMaker, came: Buffer, shared: boolean): void {
    const { connections } = this.#parts;
    this.#socket.off("close", this.#closed).off("end", this.#ended);
    connections.delete(this);
    this.#chosen = make(this.#socket, this.peer, this.#parts);
    connections.add(this.#chosen);
    // Bytes that were kept are in memory of their own.
    this.#chosen.received(came, shared && this.#came.length === 0);
  }

  readonly #closed = (): void => this.#parts.connections.delete(this);

  readonly #ended = (): void => {
    this.#socket.end();
  };
}
