import type { Socket } from "node:net";
import { FIELDS_TOO_SLOW, type RefusedRequest, UPGRADE_WITH_BODY } from "../message/refusal.ts";
import { type RequestHead, RequestHeads } from "../message/request-head.ts";
import { AtHand } from "./answer-at-once.ts";
import { TOO_MANY_REQUESTS } from "./client-requests.ts";
import type { ConnectionParts } from "./connection-parts.ts";
import { CLOSED, overdue, type State } from "./connection-state.ts";
import type { OpenConnection } from "./connections.ts";
import { type ClientSide, Exchange } from "./exchange.ts";
import { endByFault } from "./fault.ts";
import { HalfClose, noteEnd } from "./half-close.ts";
import { bodyOf, isEmpty, wantedProtocol } from "./incoming-body.ts";
import type { Peer } from "./peer.ts";
import type { RequestBody } from "./request-body.ts";
import { SocketSide } from "./socket-side.ts";
import { Timeouts } from "./timeouts.ts";
import { Turn } from "./turn.ts";
import { UnreadBytes } from "./unread-bytes.ts";

/** One connection of a client: finds its requests, one after the other, and answers them in their order. */
export class Connection extends SocketSide implements ClientSide, OpenConnection {
  readonly #parts: ConnectionParts;
  readonly #heads = new RequestHeads();
  readonly unread = new UnreadBytes();
  readonly protocol = "HTTP/1.1";
  place: OpenConnection["place"];
  #state: State;
  #stopping = false;
  #reading = false;
  #asked = false;
  /** Set when the client sends no more. */
  #halfClose: HalfClose | undefined;
  readonly #atHand: AtHand;
  readonly #turn: Turn;

  /** The socket stays open for writing when the client closes its side. */
  constructor(socket: Socket, peer: Peer, parts: ConnectionParts) {
    super(socket, parts, peer);
    this.#parts = parts;
    this.#atHand = new AtHand(socket, peer, parts);
    this.#turn = new Turn(parts.turns, socket, () => this.#guarded(() => this.#goOn()));
    this.#state = { kind: "idle", since: parts.clock.monotonic() };
    socket
      .on("drain", () => this.#guarded(() => this.#drained()))
      .on("end", () => this.#guarded(() => this.#clientEnded()))
      // A reset is one way to leave; close follows.
      .on("error", () => socket.destroy())
      .on("close", () => this.#guarded(() => this.#closed()));
  }

  /** The client has sent these bytes. `shared`: they are there until this returns, and no longer. */
  received(bytes: Buffer, shared: boolean): void {
    this.#guarded(() => this.#received(bytes, shared));
  }

  get receives(): boolean {
    const exchange = this.#exchange;
    // Requests that a proxy forwards do not count for the proxy.
    if (exchange === undefined || exchange.begun || exchange.tunnel !== undefined) return false;
    return exchange.countsFor === this.peer.client && exchange.body?.whole === false;
  }

  get closing(): boolean {
    return this.#stopping || this.#parts.connections.windingDown;
  }

  wantsMore(): void {
    // RFC 9112 section 8: the rest of the body will never come.
    if (this.#halfClose !== undefined) this.socket.destroy();
    else if (this.socket.isPaused()) this.socket.resume();
  }

  stop(): void {
    this.#stopping = true;
    if (this.#state.kind === "idle" || this.#state.kind === "fields") this.socket.destroy();
  }

  destroy(): void {
    this.#guarded(() => this.#exchange?.abandon("stopping"));
    this.socket.destroy();
  }

  answered(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    if (this.socket.destroyed) {
      this.#state = CLOSED;
      this.#end(exchange, exchange.end === "cut" ? "cut" : "client-left");
    } else if (exchange.taken) this.#finish(exchange);
    else exchange.timeouts.waitFor("reader", this.#parts.clock.monotonic());
  }

  fault(thrown: unknown, exchange: Exchange): void {
    if (exchange === this.#exchange) this.#fault(thrown);
    else this.#parts.fault(thrown, undefined);
  }

  get #exchange(): Exchange | undefined {
    return this.#state.kind === "exchange" ? this.#state.exchange : undefined;
  }

  checkTime(now: number): void {
    this.#guarded(() => this.#checkTime(now));
  }

  #checkTime(now: number): void {
    const state = this.#state;
    if (state.kind === "exchange") {
      if (this.#halfClose?.hasLeft(this.socket, now)) this.socket.destroy();
      state.exchange.checkTime(now);
      return;
    }
    const late = overdue(state, this.#asked, this.#parts.limits.fieldsMs, now);
    if (late === "fields") this.#refuse(FIELDS_TOO_SLOW, false);
    else if (late === "connection") this.socket.destroy();
  }

  #received(chunk: Buffer, shared: boolean): void {
    const state = this.#state;
    if (state.kind === "lingering" || state.kind === "closed") return;
    this.unread.add(chunk, shared);
    if (state.kind === "exchange") {
      this.unread.own();
      if (this.unread.full) this.socket.pause();
      state.exchange.answerer?.moreBody();
    } else {
      this.#turn.begin();
      this.#readRequests();
      this.unread.own();
    }
  }

  /** Takes requests until one is not answered at once, no whole one is there, or the turn is over. */
  #readRequests(): void {
    // An answer given at once comes back here; the loop that is running goes on with the next request.
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (this.#state.kind === "idle" || this.#state.kind === "fields") {
        const { chunk, at } = this.unread;
        if (chunk === undefined || !this.#turn.takes()) break;
        const read = this.#heads.read(chunk, at);
        if (read.kind === "refused") this.#refuse(read.refused, this.#heads.isHead);
        else if (read.kind === "head") {
          this.unread.readTo(read.end);
          this.#begin(read.head);
        } else {
          this.unread.readTo(chunk.length);
          if (this.#state.kind === "idle")
            this.#state = { kind: "fields", since: this.#parts.clock.monotonic() };
        }
      }
      this.#sendAnswers();
    } finally {
      this.#reading = false;
    }
    this.#endIfHalfClosed();
  }

  #begin(request: RequestHead): void {
    const empty = isEmpty(request);
    const protocol = wantedProtocol(request, this.#parts.upgrades);
    this.#asked = true;
    if (protocol === undefined && empty && this.#answersAtOnce(request)) return;
    // Bytes of earlier answers that the client has not read yet count as part of this answer.
    this.#atHand.send();
    this.unread.own();
    const client = this.#parts.requests.clientOf(this.peer, request.fields);
    const isTwo = protocol !== undefined && !empty;
    if (isTwo || !this.#parts.requests.begin(client)) {
      this.#refuse(isTwo ? UPGRADE_WITH_BODY : TOO_MANY_REQUESTS, request.method === "HEAD");
      return;
    }
    const exchange = this.#exchangeOf(request, bodyOf(request, protocol, this.unread), client);
    try {
      this.#parts.take(exchange);
    } catch (thrown) {
      this.#fault(thrown);
    }
  }

  #exchangeOf(request: RequestHead, body?: RequestBody, client?: string): Exchange {
    const { connections, clock, limits } = this.#parts;
    const exchange = new Exchange(request, body, this, new Timeouts(limits), clock.monotonic(), client);
    this.#state = { kind: "exchange", exchange };
    connections.busy(this);
    this.#parts.began();
    return exchange;
  }

  #answersAtOnce(request: RequestHead): boolean {
    const bodyLength = this.closing ? undefined : this.#atHand.answer(request);
    if (bodyLength === undefined) return false;
    this.#turn.gave(bodyLength);
    this.#state = { kind: "idle", since: this.#parts.clock.monotonic() };
    // A large one has been written.
    if (this.socket.writableLength > this.slack) this.#sendAnswers();
    return true;
  }

  #sendAnswers(): void {
    const last = this.#atHand.send();
    if (last === undefined) return;
    this.#parts.connections.answered(this);
    if (this.socket.writableLength <= this.slack) return;
    // The next bytes of the client wait until it has read this answer.
    const exchange = this.#exchangeOf(last.request);
    last.answer.waits(exchange);
    exchange.finish();
  }

  /** Everything written has left. */
  #drained(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    if (exchange.end !== undefined) this.#finish(exchange);
    else exchange.answerer?.clientDrained();
  }

  #finish(exchange: Exchange): void {
    const now = this.#parts.clock.monotonic();
    if (exchange.closes || this.#stopping) {
      this.#linger(now);
      this.#end(exchange, "answered");
      return;
    }
    this.#state = { kind: "idle", since: now };
    this.#parts.connections.idle(this);
    this.#end(exchange, "answered");
    this.#goOn();
  }

  /** Takes unread bytes from the buffer. When it has room again, the socket is read further. */
  #goOn(): void {
    this.#readRequests();
    if (!this.#turn.waits && !this.unread.full && this.socket.isPaused()) this.socket.resume();
  }

  #end(exchange: Exchange, end: "answered" | "cut" | "client-left"): void {
    this.#parts.ended();
    if (exchange.countsFor !== undefined) this.#parts.requests.end(exchange.countsFor);
    exchange.onEnd?.(end);
  }

  #refuse(refused: RefusedRequest, headOnly: boolean): void {
    this.#atHand.send();
    this.outgoing.send(this.socket, this.#parts.refuse(refused, headOnly, this.peer));
    this.#linger(this.#parts.clock.monotonic());
  }

  #linger(now: number): void {
    this.#state = { kind: "lingering", since: now };
    this.#parts.connections.useless(this);
    this.unread.clear();
    this.socket.end();
    if (this.socket.isPaused()) this.socket.resume();
  }

  /** RFC 9112 section 9.6: a client that closes its sending half still gets the answers to what it sent. */
  #clientEnded(): void {
    const [exchange, { clock }] = [this.#exchange, this.#parts];
    this.#halfClose = new HalfClose(this.socket.bytesWritten, clock.monotonic());
    if (exchange !== undefined) noteEnd(exchange, this.socket, clock, () => this.#exchange === exchange);
    this.#endIfHalfClosed();
  }

  #endIfHalfClosed(): void {
    const { kind } = this.#state;
    const isAllTaken = this.unread.chunk === undefined && (kind === "idle" || kind === "fields");
    if (this.#halfClose !== undefined && isAllTaken) this.socket.end();
  }

  #closed(): void {
    const exchange = this.#exchange;
    this.#state = CLOSED;
    this.#parts.connections.delete(this);
    if (exchange === undefined) return;
    try {
      exchange.abandon("client-left");
    } finally {
      this.#end(exchange, "client-left");
    }
  }

  /** Nothing that the program does with one connection may end it for the others. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (thrown) {
      this.#fault(thrown);
    }
  }

  #fault(thrown: unknown): void {
    endByFault(thrown, this.#exchange, () => this.reset(), this.#parts.fault);
  }
}
