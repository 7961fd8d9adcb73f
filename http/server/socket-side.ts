import type { Socket } from "node:net";
import type { ClientSide } from "./exchange.ts";
import type { Peer } from "./peer.ts";
import type { ReaderProgress } from "./reader-progress.ts";
import type { Timeouts } from "./timeouts.ts";
import type { WriteBuffer } from "./write-buffer.ts";

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

// node says only in the next turn of the event loop that TLS has written something. Until then it counts as waiting: so much
// may wait, as it may in the kernel of a client that does not read, without being looked after.
const TLS_SLACK = 64 * 1024;

type Writing =
  | "untaken"
  | "invite"
  | "interim"
  | "send"
  | "sendLasting"
  | "trailers"
  | "watchReader"
  | "reset";

/** The parts of its server that it uses. */
interface SocketSideParts {
  readonly outgoing: WriteBuffer;
  readonly progress: ReaderProgress;
}

/** How the answers of HTTP/1.1 are written: one after the other, to the client's socket. */
export abstract class SocketSide implements Pick<ClientSide, Writing> {
  readonly socket: Socket;
  readonly outgoing: WriteBuffer;
  readonly peer: Peer;
  /** Bytes that may wait to be written while the next request is taken. */
  protected readonly slack: number;
  readonly #progress: ReaderProgress;

  constructor(socket: Socket, { outgoing, progress }: SocketSideParts, peer: Peer) {
    this.socket = socket;
    this.outgoing = outgoing;
    this.#progress = progress;
    this.peer = peer;
    this.slack = "encrypted" in socket ? TLS_SLACK : 0;
  }

  get untaken(): number {
    return this.socket.writableLength;
  }

  invite(): void {
    this.socket.write(CONTINUE, "latin1");
  }

  interim(head: string): void {
    this.outgoing.send(this.socket, head);
  }

  send(head: string, before: string, bytes: Buffer | undefined, after: string): void {
    this.outgoing.send(this.socket, head + before, bytes, after);
  }

  sendLasting(head: string, before: string, bytes: Uint8Array, after: string): void {
    this.outgoing.sendLasting(this.socket, head + before, bytes, after);
  }

  trailers(): void {
    // They are in the last chunk.
  }

  watchReader(timeouts: Timeouts, now: number): void {
    this.#progress.watch(this.socket, timeouts, now);
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }
}
