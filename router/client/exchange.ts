import type { Socket } from "node:net";
import type { RequestHead } from "../../http/message/request-head.ts";
import type { BodyRead, RequestBody } from "../../http/server/request-body.ts";
import { type Overdue, Patience } from "../../http/server/timeouts.ts";
import type { WriteBuffer } from "../../http/server/write-buffer.ts";
import type { LinesOut } from "../forward/request-head-out.ts";
import { RouterFailure, type RouterFailureCode } from "../router-failure.ts";

/** The client's connection, as far as one request on it needs it. */
export interface ClientSide {
  readonly socket: Socket;
  readonly outgoing: WriteBuffer;
  /** No further request is taken after this one. */
  readonly stopping: boolean;
  /** The client's field lines for an edge, for this request. */
  requestLines(request: RequestHead): LinesOut;
  /** The body has been read as far as it has come: more may come. */
  wantsMore(): void;
  /** The whole answer has been given to the socket, or there will be no more of it. */
  answered(): void;
}

/** Whoever answers the request. */
export interface Answerer {
  /** More of the request's body has come. */
  moreBody(): void;
  /** The client has taken all that was sent. */
  clientDrained(): void;
  /** Nobody should go on with it. */
  giveUp(failure: RouterFailure): void;
}

/** What became of one request. */
export const REQUEST_OUTCOMES = [
  /** The client got the whole response of an edge. */
  "relayed",
  /** The client was sent to an edge (redirect mode). */
  "redirected",
  /** Not a request that may be forwarded. */
  "refused",
  /** The client got an error response made by the router. */
  "failed",
  /** The response broke off after its first byte. */
  "cut",
  /** The client left first. */
  "client-left",
] as const;

export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number];

type Answer =
  | { readonly kind: "none" }
  /** `head` has not been sent: what comes with it goes out in the same write. */
  | { readonly kind: "begun"; head: string }
  | { readonly kind: "over"; readonly outcome: RequestOutcome };

const NONE: Answer = { kind: "none" };

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

const OVERDUE: Readonly<Record<Overdue, RouterFailureCode>> = {
  edge: "edge-silent",
  answer: "edge-silent",
  sender: "sender-slow",
  reader: "reader-stalled",
};

/** One request of a client, from its fields to the last byte of its answer. */
export class Exchange {
  readonly request: RequestHead;
  readonly body: RequestBody | undefined;
  /** Monotonic milliseconds. */
  readonly arrivedAt: number;
  readonly patience = new Patience();
  /** Set while somebody is at work on the answer. */
  answerer: Answerer | undefined;
  readonly #client: ClientSide;
  #answer: Answer = NONE;
  #invited = false;
  #closes: boolean;

  constructor(request: RequestHead, body: RequestBody | undefined, client: ClientSide, arrivedAt: number) {
    this.request = request;
    this.body = body;
    this.arrivedAt = arrivedAt;
    this.#client = client;
    const { persists, version } = request.fields;
    // RFC 9112 section 9.3: a proxy keeps no connection to a client of HTTP/1.0.
    this.#closes = !persists || version === "1.0";
  }

  /** Whether the client has part of an answer. */
  get begun(): boolean {
    return this.#answer.kind === "begun";
  }

  /** What has become of it; undefined until it is over. */
  get outcome(): RequestOutcome | undefined {
    return this.#answer.kind === "over" ? this.#answer.outcome : undefined;
  }

  /** Whether the client's connection closes after the answer. */
  get closes(): boolean {
    return this.#closes;
  }

  /** Decides that when the answer's head is made, which must tell the client. */
  decideClosing(): boolean {
    // The rest of a body that nobody has read would stand before the client's next request.
    this.#closes ||= this.#client.stopping || this.body?.whole === false;
    return this.#closes;
  }

  /** Whether everything sent to the client so far has left. */
  get taken(): boolean {
    return this.#client.socket.writableLength === 0;
  }

  requestLines(): LinesOut {
    return this.#client.requestLines(this.request);
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
      this.#client.socket.write(CONTINUE, "latin1");
    }
    this.#client.wantsMore();
    return read;
  }

  /** An interim response. RFC 9110 section 15.2: not to a client of HTTP/1.0. */
  interim(head: string): void {
    if (this.#answer.kind !== "none" || this.request.fields.version === "1.0") return;
    this.#client.outgoing.send(this.#client.socket, head);
  }

  /** The head of the answer; it goes out with what is sent next, or with `flush`. */
  begin(head: string): void {
    this.#answer = { kind: "begun", head };
  }

  /** Bytes of the answer, copied. */
  send(before: string, bytes: Buffer | undefined, after: string): void {
    if (this.#answer.kind !== "begun") return;
    const { head } = this.#answer;
    this.#answer.head = "";
    this.#client.outgoing.send(this.#client.socket, head + before, bytes, after);
  }

  flush(): void {
    if (this.#answer.kind === "begun" && this.#answer.head !== "") this.send("", undefined, "");
  }

  /** The answer is whole. */
  finish(outcome: RequestOutcome): void {
    this.flush();
    this.#end(outcome);
  }

  /** The answer breaks off; the client learns it from its connection, which is reset. */
  cut(outcome: RequestOutcome): void {
    this.#client.socket.resetAndDestroy();
    this.#end(outcome);
  }

  giveUp(failure: RouterFailure): void {
    this.answerer?.giveUp(failure);
  }

  /** Gives up when somebody's time is up. */
  checkTime(now: number): void {
    const overdue = this.patience.overdue(now);
    if (overdue === undefined) return;
    const failure = new RouterFailure(OVERDUE[overdue], `waited too long for the ${overdue}`);
    if (this.answerer !== undefined) this.giveUp(failure);
    else this.#client.socket.resetAndDestroy();
  }

  #end(outcome: RequestOutcome): void {
    this.answerer = undefined;
    this.#answer = { kind: "over", outcome };
    this.#client.answered();
  }
}
