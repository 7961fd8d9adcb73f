import type { RequestHead } from "../message/request-head.ts";
import { type ClientSide, Exchange } from "../server/exchange.ts";
import type { Peer } from "../server/peer.ts";
import type { BodyFraming } from "../server/request-body.ts";
import type { Timeouts } from "../server/timeouts.ts";
import { STREAM_WINDOW } from "./bounds.ts";
import { ERROR, type ErrorCode } from "./frames.ts";
import type { Priority } from "./priority.ts";
import { StreamBody } from "./stream-body.ts";
import { UnsentContent } from "./unsent-content.ts";

/** What a stream needs of its connection. */
export interface StreamOwner {
  readonly peer: Peer;
  now(): number;
  /** A header block for the head of an answer. */
  encode(head: string): Buffer;
  /** The same for the lines of trailers. */
  encodeTrailers(lines: string): Buffer;
  /** The stream has something to send. */
  ready(stream: Stream): void;
  /** The program has taken so many bytes of the body. */
  consumed(stream: Stream, bytes: number): void;
  /** The exchange has ended before all of its answer was sent, or after. */
  over(stream: Stream): void;
  /** The stream ends with RST_STREAM. */
  reset(stream: Stream, code: ErrorCode): void;
  fault(stream: Stream, thrown: unknown): void;
}

export interface StreamStart {
  readonly id: number;
  readonly head: RequestHead;
  readonly priority: Priority;
  /** Whether a body follows. */
  readonly hasBody: boolean;
  /** Bytes of DATA that the client takes. */
  readonly window: number;
  readonly countsFor: string | undefined;
  readonly timeouts: Timeouts;
}

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

/** One request of HTTP/2 and its answer. */
export class Stream implements ClientSide {
  readonly id: number;
  readonly exchange: Exchange;
  readonly body: StreamBody | undefined;
  /** Bytes of DATA that the client takes; below zero after it has made its windows smaller. */
  window: number;
  /** Whether the client has sent all. */
  received: boolean;
  priority: Priority;
  /** Set when everything is over: nothing more is sent or received. */
  closed = false;
  /** Header blocks that have not been written. */
  readonly heads: Buffer[] = [];
  /** The header block that ends the answer behind its content. */
  endBlock: Buffer | undefined;
  readonly #owner: StreamOwner;
  /** Bytes of the body that the client may send now. */
  #receiveWindow = STREAM_WINDOW;
  /** Bytes that have been used, and that the client has not been told of. */
  #owed = 0;
  readonly #unsent = new UnsentContent();
  #ended = false;

  constructor(start: StreamStart, owner: StreamOwner) {
    const { id, head, priority, hasBody, window, countsFor, timeouts } = start;
    this.id = id;
    this.#owner = owner;
    this.window = window;
    this.priority = priority;
    this.received = !hasBody;
    const framing = framingOf(head);
    this.body =
      hasBody && framing !== undefined
        ? new StreamBody(framing, (bytes) => owner.consumed(this, bytes))
        : undefined;
    this.exchange = new Exchange(head, this.body, this, timeouts, owner.now(), countsFor);
  }

  get peer(): Peer {
    return this.#owner.peer;
  }

  get unread(): { readonly size: number } {
    return { size: this.body?.size ?? 0 };
  }

  /** Bytes of content that have not been written. */
  get untaken(): number {
    return this.#unsent.size;
  }

  /** The connection goes on with other streams. */
  get closing(): boolean {
    return false;
  }

  /** Whether nothing more will be given to it. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether it has something to write that its window allows. */
  get sendable(): boolean {
    return this.heads.length > 0 || (this.#unsent.size > 0 ? this.window > 0 : this.#ended);
  }

  wantsMore(): void {
    // The window says how much more may come.
  }

  invite(): void {
    this.interim(CONTINUE);
  }

  interim(head: string): void {
    this.heads.push(this.#owner.encode(head));
    this.#owner.ready(this);
  }

  send(head: string, before: string, bytes: Buffer | undefined, after: string): void {
    this.#begin(head);
    if (before !== "") this.#add(Buffer.from(before, "latin1"));
    if (bytes !== undefined) this.#add(Buffer.from(bytes));
    if (after !== "") this.#add(Buffer.from(after, "latin1"));
    this.#owner.ready(this);
  }

  sendLasting(head: string, before: string, bytes: Uint8Array, after: string): void {
    this.#begin(head);
    if (before !== "") this.#add(Buffer.from(before, "latin1"));
    this.#add(bytes);
    if (after !== "") this.#add(Buffer.from(after, "latin1"));
    this.#owner.ready(this);
  }

  trailers(lines: string): void {
    this.endBlock = this.#owner.encodeTrailers(lines);
  }

  answered(): void {
    const { exchange } = this;
    if (exchange.end === "answered" && !this.closed) {
      this.#ended = true;
      if (!exchange.taken) exchange.timeouts.waitFor("reader", this.#owner.now());
      this.#owner.ready(this);
    } else this.#owner.over(this);
  }

  watchReader(): void {
    // The connection is one for all streams: what the client takes of it may belong to another one.
  }

  reset(): void {
    // RFC 9113 section 8.5: as a connection that is reset.
    this.#owner.reset(this, this.exchange.tunnel === undefined ? ERROR.internal : ERROR.connect);
  }

  fault(thrown: unknown): void {
    this.#owner.fault(this, thrown);
  }

  /** Takes the content of a DATA frame, which took `taken` bytes of the window. Returns what is wrong with it. */
  accept(content: Buffer, taken: number): ErrorCode | undefined {
    if (this.received || this.body === undefined) return ERROR.streamClosed;
    this.#receiveWindow -= taken;
    this.#owed += taken - content.length;
    if (this.#receiveWindow < 0) return ERROR.flowControl;
    return this.body.add(content) ? undefined : ERROR.protocol;
  }

  /** Whether it is a request of the client itself that has not come whole. */
  get receives(): boolean {
    const { exchange, body } = this;
    if (exchange.tunnel !== undefined) return false;
    return exchange.countsFor === this.peer.client && body?.whole === false && !exchange.begun;
  }

  /** Whether the client has no room for more of the body. */
  get exhausted(): boolean {
    return this.#receiveWindow === 0;
  }

  /** The program has taken bytes of the body. Returns how many more the client is to be allowed, when it is worth a frame. */
  returned(bytes: number): number {
    this.#owed += bytes;
    if (this.received || this.closed || this.#owed < STREAM_WINDOW / 2) return 0;
    const more = this.#owed;
    this.#receiveWindow += more;
    this.#owed = 0;
    return more;
  }

  /** Copies up to `most` bytes of the content that come next to `out`. Returns how many. */
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

  /** `head`: with the beginning of the content behind its empty line, or empty. */
  #begin(head: string): void {
    if (head === "") return;
    const end = head.indexOf("\r\n\r\n") + 4;
    this.heads.push(this.#owner.encode(end === head.length ? head : head.slice(0, end)));
    if (end < head.length) this.#add(Buffer.from(head.slice(end), "latin1"));
  }

  #add(bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return;
    this.#unsent.push(bytes);
  }
}

/** undefined: no body follows, whatever the client says. */
function framingOf({ fields: { framing, offers } }: RequestHead): BodyFraming | undefined {
  const [protocol] = offers;
  if (protocol !== undefined) return { kind: "tunnel", protocol };
  return framing.kind === "none" ? undefined : framing;
}
