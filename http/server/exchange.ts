import type { RequestHead } from "../message/request-head.ts";
import { withOwnLines } from "./own-lines.ts";
import type { Peer } from "./peer.ts";
import type { BodyRead, RequestBody } from "./request-body.ts";
import type { Overdue, Timeouts } from "./timeouts.ts";

/** The client's side of one exchange: its connection, or its stream of HTTP/2. */
export interface ClientSide {
  readonly peer: Peer;
  /** Bytes that the client has sent and the server has not used yet. */
  readonly unread: { readonly size: number };
  /** Bytes given to it that have not left yet. */
  readonly untaken: number;
  /** No further request is taken after this one. */
  readonly closing: boolean;
  /** The body has been read as far as it has come: more may come. */
  wantsMore(): void;
  /** 100 (Continue): the client may send the body. */
  invite(): void;
  /** The head of an interim response. */
  interim(head: string): void;
  /** The head of the answer, unless it is empty, and bytes of its content. They are copied. */
  send(head: string, before: string, bytes: Buffer | undefined, after: string): void;
  /** The same for bytes that never change. */
  sendLasting(head: string, before: string, bytes: Uint8Array, after: string): void;
  /** The lines of the trailers, which come behind all content. By HTTP/1.1 they are part of chunked coding. */
  trailers(lines: string): void;
  /** The whole answer has been given to it, or there will be no more of it. */
  answered(): void;
  /** Breaks off, so that the client learns that it has not the whole answer. */
  reset(): void;
  /** The client is waited for: looks whether it takes anything. */
  watchReader(timeouts: Timeouts, now: number): void;
  /** The program threw while it was at work on an exchange. */
  fault(thrown: unknown, exchange: Exchange): void;
}

/** Why an answerer has to stop. */
export type Abandoned =
  /** A party has used up its time. */
  | Overdue
  | "client-left"
  /** The server stops. */
  | "stopping"
  /** The program threw. */
  | "fault";

/** The part of the program that is at work on the answer. */
export interface Answerer {
  /** More of the request's body has come. */
  moreBody(): void;
  /** The client has taken all that was sent. */
  clientDrained(): void;
  /** The program must end the exchange now, by an answer or a reset. */
  abandon(why: Abandoned): void;
}

export type ExchangeEnd =
  /** The whole answer has left. */
  | "answered"
  /** The answer broke off. */
  | "cut"
  /** The client left before it had the whole answer. */
  | "client-left";

type Answer =
  | { readonly kind: "none" }
  /** `head` has not been sent: the first part of the content goes out in the same write. */
  | { readonly kind: "begun"; head: string }
  | { readonly kind: "over"; readonly end: ExchangeEnd };

const NONE: Answer = { kind: "none" };
const STATUS_AT = "HTTP/1.1 ".length;

/** One request of a client, from its fields to the last byte of its answer. */
export class Exchange {
  readonly request: RequestHead;
  readonly body: RequestBody | undefined;
  /** Monotonic milliseconds. */
  readonly arrivedAt: number;
  readonly timeouts: Timeouts;
  /** The client for whom it counts as a request under way; undefined: it does not. */
  readonly countsFor: string | undefined;
  answerer: Answerer | undefined;
  /** Called once, when all is over. */
  onEnd: ((end: ExchangeEnd) => void) | undefined;
  readonly #client: ClientSide;
  #answer: Answer = NONE;
  #contentBytes = 0;
  #status: number | undefined;
  #invited = false;
  #switched = false;
  #closes: boolean;

  constructor(
    request: RequestHead,
    body: RequestBody | undefined,
    client: ClientSide,
    timeouts: Timeouts,
    arrivedAt: number,
    countsFor?: string,
  ) {
    this.request = request;
    this.body = body;
    this.timeouts = timeouts;
    this.arrivedAt = arrivedAt;
    this.countsFor = countsFor;
    this.#client = client;
    const { persists, version } = request.fields;
    // RFC 9112 section 9.3: a proxy keeps no connection to a client of HTTP/1.0.
    this.#closes = !persists || version === "1.0";
  }

  get peer(): Peer {
    return this.#client.peer;
  }

  /** Whether the client's protocol is the one that it wanted: what is read and sent is not HTTP. */
  get switched(): boolean {
    return this.#switched;
  }

  /** The protocol to which the client wants to change; undefined: it does not. */
  get tunnel(): string | undefined {
    const framing = this.body?.framing;
    return framing?.kind === "tunnel" ? framing.protocol : undefined;
  }

  /** Whether the answer has begun and has not ended. */
  get begun(): boolean {
    return this.#answer.kind === "begun";
  }

  /** How the answer ended; undefined until then. */
  get end(): ExchangeEnd | undefined {
    return this.#answer.kind === "over" ? this.#answer.end : undefined;
  }

  /** Whether the client's connection closes after the answer. */
  get closes(): boolean {
    return this.#closes;
  }

  /** Of the answer, once it has begun. */
  get status(): number | undefined {
    return this.#status;
  }

  /** Bytes of the answer's content that were given to the connection. */
  get contentBytes(): number {
    return this.#contentBytes;
  }

  /** Decides whether the connection closes. The answer's head, which is made now, must tell the client. */
  decideClosing(): boolean {
    // The rest of an unread body would stand before the client's next request.
    this.#closes ||= this.#client.closing || this.body?.whole === false;
    return this.#closes;
  }

  /** The connection closes after the answer, whatever the client asked for. */
  closeAfter(): void {
    this.#closes = true;
  }

  /** Bytes that the client has sent ahead, and that wait for the end of this. */
  get sentAhead(): number {
    return this.#client.unread.size;
  }

  /** Bytes sent to the client that have not left yet. */
  get untaken(): number {
    return this.#client.untaken;
  }

  /** Whether everything sent to the client so far has left. */
  get taken(): boolean {
    return this.untaken === 0;
  }

  /** More of the request's body. */
  readBody(body: RequestBody): BodyRead {
    const read = body.read();
    if (read.kind !== "waiting") return read;
    // RFC 9110 section 10.1.1: a client that waits for the invitation has sent nothing yet.
    if (
      this.request.fields.expectsContinue &&
      !this.#invited &&
      !body.began &&
      this.#answer.kind === "none"
    ) {
      this.#invited = true;
      this.#client.invite();
    }
    this.#client.wantsMore();
    return read;
  }

  /** Drops the bytes of an unwanted body. If the body is complete, the connection can stay open. */
  skipBody(body: RequestBody): void {
    let read = body.read();
    while (read.kind === "content") read = body.read();
  }

  /** An interim response. RFC 9110 section 15.2: not to a client of HTTP/1.0. */
  interim(head: string): void {
    if (this.#answer.kind !== "none" || this.request.fields.version === "1.0") return;
    this.#client.interim(head);
  }

  /** The head of the answer; it goes out with what is sent next, or with `flush`. */
  begin(head: string): void {
    if (this.#answer.kind !== "none") return;
    this.#status = Number(head.slice(STATUS_AT, STATUS_AT + 3));
    this.#answer = { kind: "begun", head: withOwnLines(head, this.peer.ownLines) };
  }

  /** The head of an answer that changes protocols. It goes out at once. */
  beginTunnel(head: string): void {
    this.#switched = true;
    this.#closes = true;
    this.begin(head);
    this.flush();
  }

  /** Bytes of the answer. They are copied: the caller may use them again at once. */
  send(before: string, bytes: Buffer | undefined, after: string): void {
    if (this.#answer.kind !== "begun") return;
    const { head } = this.#answer;
    this.#answer.head = "";
    this.#contentBytes += bytes?.byteLength ?? 0;
    this.#client.send(head, before, bytes, after);
  }

  /** The same for bytes that never change. */
  sendLasting(before: string, bytes: Uint8Array, after: string): void {
    if (this.#answer.kind !== "begun") return;
    const { head } = this.#answer;
    this.#answer.head = "";
    this.#contentBytes += bytes.byteLength;
    this.#client.sendLasting(head, before, bytes, after);
  }

  /** Trailers for a client of HTTP/2. `lines`: each with its end. Call it before `finish`. */
  trailers(lines: string): void {
    if (this.#answer.kind === "begun" && lines !== "") this.#client.trailers(lines);
  }

  flush(): void {
    if (this.#answer.kind === "begun" && this.#answer.head !== "") this.send("", undefined, "");
  }

  /** The answer is whole. */
  finish(): void {
    if (this.#answer.kind === "over") return;
    this.flush();
    this.#over("answered");
  }

  /** The answer breaks off; the client learns it from a reset. */
  cut(end: "cut" | "client-left" = "cut"): void {
    if (this.#answer.kind === "over") return;
    this.#client.reset();
    this.#over(end);
  }

  /** The connection or stream is reset, though the answer may have been given to it whole. */
  dropClient(): void {
    this.#client.reset();
  }

  /** The program threw while it was at work on this: the client gets a 500, or a reset when the answer has begun. */
  fault(thrown: unknown): void {
    this.#client.fault(thrown, this);
  }

  abandon(why: Abandoned): void {
    this.answerer?.abandon(why);
  }

  /** Gives up when a party's time is up. */
  checkTime(now: number): void {
    const overdue = this.timeouts.overdue(now);
    if (overdue === undefined) {
      if (this.timeouts.readerSince !== undefined) this.#client.watchReader(this.timeouts, now);
      return;
    }
    if (this.answerer !== undefined) this.abandon(overdue);
    else this.#client.reset();
  }

  #over(end: ExchangeEnd): void {
    this.answerer = undefined;
    this.#answer = { kind: "over", end };
    this.#client.answered();
  }
}
