import type { Socket } from "node:net";
import type { ClientSide } from "./exchange.ts";
import type { Peer } from "./peer.ts";
import type { WriteBuffer } from "./write-buffer.ts";

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

type Writing = "untaken" | "invite" | "interim" | "send" | "sendLasting" | "reset";

/** How the answers of HTTP/1.1 are written: one after the other, to the client's socket. */
export abstract class SocketSide implements Pick<ClientSide, Writing> {
  readonly socket: Socket;
  readonly outgoing: WriteBuffer;
  readonly peer: Peer;

  constructor(socket: Socket, outgoing: WriteBuffer, peer: Peer) {
    this.socket = socket;
    this.outgoing = outgoing;
    this.peer = peer;
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

  reset(): void {
    this.socket.resetAndDestroy();
  }
}
