import type { Carrier } from "../../client/carrier.ts";
import type { ConnectionFault, ConnectionUser } from "../../client/client-connection.ts";
import { ERROR, type ErrorCode } from "../frames.ts";
import type { OutletStream } from "../outlet.ts";
import { UnsentContent } from "../unsent-content.ts";
import type { StreamResponse } from "./stream-response.ts";

/** What a stream needs of its connection. */
export interface ClientStreamOwner {
  /** Whether the connection has carried a response before. */
  readonly reused: boolean;
  /** Gives the stream its number. Returns the header block of its request, and what reads its response. */
  begin(stream: AnyClientStream, method: string, head: string): BegunStream;
  /** The stream has something to send. */
  ready(stream: AnyClientStream): void;
  /** The server may send so many more bytes on it. */
  allow(stream: AnyClientStream, bytes: number): void;
  /** The user needs it no longer. `code`: what the server is told, when something is still under way. */
  over(stream: AnyClientStream, code: ErrorCode): void;
}

export type AnyClientStream = ClientStream<ConnectionUser>;

export interface BegunStream {
  readonly id: number;
  readonly block: Buffer;
  /** Bytes of DATA that the server takes. */
  readonly window: number;
  readonly response: StreamResponse;
  readonly now: number;
}

/**
 * Bytes of one body that may come without having been read. An object of 5 MB a second over a way of 50 ms needs so many; 100
 * streams that nobody reads hold 25 MiB.
 */
export const RESPONSE_WINDOW = 256 * 1024;

// As much of a request body as a socket would take before it says that it is full.
const HIGH_WATER = 64 * 1024;

/** One request to a server that speaks HTTP/2, and its response. */
export class ClientStream<U extends ConnectionUser> implements Carrier, OutletStream {
  readonly framesContent = true;
  readonly priority = { urgency: 3, incremental: true } as const;
  readonly heads: Buffer[] = [];
  readonly endBlock = undefined;
  readonly user: U;
  /** 0: its request has not been sent. */
  id = 0;
  /** Bytes of DATA that the server takes; below zero after it has made its windows smaller. */
  window = 0;
  /** Whether something of the response has come. */
  heard = false;
  /** Whether the server has sent all. */
  received = false;
  /** Whether nothing more is said by either side. */
  closed = false;
  /** The time at which the request was sent, in monotonic milliseconds. */
  sentAt = 0;
  response: StreamResponse | undefined;
  readonly #owner: ClientStreamOwner;
  #ended = false;
  readonly #unsent = new UnsentContent();
  #held = false;
  #receiveWindow = RESPONSE_WINDOW;
  /** Bytes that have been used, and that the server has not been told of. */
  #owed = 0;

  constructor(user: U, owner: ClientStreamOwner) {
    this.user = user;
    this.#owner = owner;
  }

  get reused(): boolean {
    return this.#owner.reused;
  }

  get ready(): boolean {
    return !this.closed;
  }

  get full(): boolean {
    return !this.closed && this.#unsent.size >= HIGH_WATER;
  }

  get untaken(): number {
    return this.#unsent.size;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get sendable(): boolean {
    return this.heads.length > 0 || (this.#unsent.size > 0 ? this.window > 0 : this.#ended);
  }

  /** Whether the server may have learned of it. */
  get announced(): boolean {
    return this.id > 0 && this.heads.length === 0;
  }

  send(method: string, head: string, _upgrade: string | undefined, hasBody: boolean): void {
    const { id, block, window, response, now } = this.#owner.begin(this, method, head);
    this.id = id;
    this.window = window;
    this.response = response;
    this.sentAt = now;
    this.heads.push(block);
    this.#ended = !hasBody;
    this.#owner.ready(this);
  }

  sendMore(bytes: Uint8Array | string): void {
    if (this.closed) return;
    const piece = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
    if (piece.byteLength === 0) return;
    this.#unsent.push(piece);
    this.#owner.ready(this);
  }

  sendEnd(): void {
    if (this.closed) return;
    this.#ended = true;
    this.#owner.ready(this);
  }

  hold(): void {
    this.#held = true;
  }

  resume(): void {
    this.#held = false;
    this.#allow();
  }

  /** The user has all of the response. A rest of the request is of no use. */
  release(): void {
    this.#owner.over(this, ERROR.cancel);
  }

  destroy(): void {
    this.#owner.over(this, ERROR.cancel);
  }

  /** A DATA frame has come, which took `taken` bytes of the window. Returns whether it kept to it. */
  accept(taken: number): boolean {
    this.#receiveWindow -= taken;
    this.#owed += taken;
    return this.#receiveWindow >= 0;
  }

  /** What has come has been given to the user. */
  used(): void {
    if (!this.#held) this.#allow();
  }

  /** Calls the user. If that throws, this request has failed, and nothing else. */
  tell(act: (user: U) => void): void {
    if (this.closed) return;
    try {
      act(this.user);
    } catch (thrown) {
      this.#owner.over(this, ERROR.internal);
      this.user.faulted(thrown);
    }
  }

  /** There will be no response, or no rest of it. */
  fail(fault: ConnectionFault): void {
    if (this.closed) return;
    this.drop();
    try {
      this.user.failed(fault);
    } catch (thrown) {
      this.user.faulted(thrown);
    }
  }

  take(out: Buffer, at: number, most: number): number {
    const taken = this.#unsent.take(out, at, most);
    this.window -= taken;
    return taken;
  }

  /** Lets go of what has not been written. */
  drop(): void {
    this.closed = true;
    this.heads.length = 0;
    this.#unsent.drop();
  }

  #allow(): void {
    if (this.received || this.closed || this.#owed < RESPONSE_WINDOW / 2) return;
    this.#receiveWindow += this.#owed;
    this.#owner.allow(this, this.#owed);
    this.#owed = 0;
  }
}
