import type { Socket } from "node:net";
import type { OpenConnection } from "./connections.ts";
import type { Peer } from "./peer.ts";
import { type PreambleFault, readPreamble } from "./proxy-preamble.ts";

// "The PROXY protocol", section 2: at least 3 s, for a segment that is sent again. A load balancer sends it at once.
export const PREAMBLE_MS = 5_000;

const EVENTS = ["end", "close", "error"] as const;

/** What becomes of it, exactly once. The socket is closed already when it was refused. */
export interface PreambleEnd {
  /** `source`: the address of the client, if the load balancer names one. `rest`: the bytes behind the preamble. */
  read(source: string | undefined, rest: Buffer): void;
  refused(fault: PreambleFault): void;
  /** The server closed it. */
  given(): void;
}

/** A connection of a load balancer whose preamble has not arrived yet. It counts like any other one. */
export class Preamble implements OpenConnection {
  readonly peer: Peer;
  readonly receives = false;
  place: OpenConnection["place"];
  readonly #socket: Socket;
  readonly #since: number;
  readonly #ended: PreambleEnd;
  #bytes: Buffer = Buffer.alloc(0);
  #over = false;

  /** The server has been made with `pauseOnConnect`. */
  constructor(socket: Socket, peer: Peer, now: number, ended: PreambleEnd) {
    this.#socket = socket;
    this.peer = peer;
    this.#since = now;
    this.#ended = ended;
    socket.on("readable", this.#readable);
    for (const event of EVENTS) socket.on(event, this.#left);
  }

  checkTime(now: number): void {
    if (now - this.#since > PREAMBLE_MS) this.#refuse("incomplete");
  }

  stop(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#release()) this.#ended.given();
    this.#socket.destroy();
  }

  readonly #left = () => this.#refuse("incomplete");

  readonly #readable = () => {
    const chunk: Buffer | null = this.#socket.read();
    if (chunk === null) return;
    // At most one chunk is larger than a preamble may be: then it is over.
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const read = readPreamble(this.#bytes);
    switch (read.kind) {
      case "more":
        return;
      case "refused":
        this.#refuse(read.fault);
        return;
      case "preamble":
        if (this.#release()) this.#ended.read(read.source, this.#bytes.subarray(read.end));
    }
  };

  #refuse(fault: PreambleFault): void {
    const isFirst = this.#release();
    this.#socket.destroy();
    if (isFirst) this.#ended.refused(fault);
  }

  /** Whether it was under way until now. The socket is free for its next reader. */
  #release(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#socket.off("readable", this.#readable);
    for (const event of EVENTS) this.#socket.off(event, this.#left);
    return true;
  }
}
