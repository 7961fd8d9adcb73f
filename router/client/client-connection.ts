import type { Socket } from "node:net";
import { type RequestHead, RequestHeads } from "../../http/message/request-head.ts";
import { RequestBody } from "../../http/server/request-body.ts";
import type { TrustedProxies } from "../../http/server/trusted-proxies.ts";
import { UnreadBytes } from "../../http/server/unread-bytes.ts";
import type { WriteBuffer } from "../../http/server/write-buffer.ts";
import type { Clock } from "../../process/clock.ts";
import { type LinesOut, RequestLines } from "../forward/request-head-out.ts";
import { RouterFailure } from "../router-failure.ts";
import { type ClientSide, Exchange, type RequestOutcome } from "./exchange.ts";

/** Why bytes are no request, as RefusedRequest says it. */
export interface RefusedBytes {
  readonly status: number;
  readonly detail: string;
  readonly message: string;
}

export interface ClientParts {
  readonly clock: Clock;
  readonly outgoing: WriteBuffer;
  readonly proxies: TrustedProxies;
  /** Time for a client to send a request's fields. */
  readonly fieldsMs: number;
  /** A request has come. It is answered through the exchange. */
  readonly take: (exchange: Exchange) => void;
  /** Its answer has left, or never will. */
  readonly ended: (outcome: RequestOutcome) => void;
  /** Bytes that are no request: what to answer, before the connection is closed. */
  readonly refuse: (refused: RefusedBytes) => string;
  readonly closed: (connection: ClientConnection) => void;
}

/** idle → fields → exchange → idle …, until one of the two ends it: lingering → closed. */
type State =
  /** Nothing of a request has come. */
  | { readonly kind: "idle"; readonly since: number }
  /** Part of a request's fields has. */
  | { readonly kind: "fields"; readonly since: number }
  | { readonly kind: "exchange"; readonly exchange: Exchange }
  /** All has been said. What still comes is read and dropped: unread bytes would make the kernel discard the answer. */
  | { readonly kind: "lingering"; readonly since: number }
  | { readonly kind: "closed" };

const CLOSED: State = { kind: "closed" };

// Longer than clients and proxies keep idle connections, so that they close first.
const KEEP_ALIVE_MS = 65_000;

// Time for a client to read why before its connection is torn down.
const LINGER_MS = 1000;

// RFC 9110 section 15.5.9.
const LATE: RefusedBytes = {
  status: 408,
  detail: "fields-late",
  message: "the request's fields did not arrive in time",
};

/** One connection of a client: finds its requests, one after the other, and answers them in their order. */
export class ClientConnection implements ClientSide {
  readonly socket: Socket;
  readonly outgoing: WriteBuffer;
  readonly #parts: ClientParts;
  readonly #heads = new RequestHeads();
  readonly #unread = new UnreadBytes();
  readonly #lines: RequestLines;
  #state: State;
  #stopping = false;
  #reading = false;

  constructor(socket: Socket, parts: ClientParts) {
    this.socket = socket;
    this.outgoing = parts.outgoing;
    this.#parts = parts;
    this.#lines = new RequestLines(clientAddress(socket), parts.proxies);
    this.#state = { kind: "idle", since: parts.clock.monotonic() };
    socket
      .on("data", (chunk: Buffer) => this.#received(chunk))
      .on("drain", () => this.#drained())
      .on("end", () => this.#ended())
      // A reset is one way to leave; close follows.
      .on("error", () => socket.destroy())
      .on("close", () => this.#closed());
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  get exchange(): Exchange | undefined {
    return this.#state.kind === "exchange" ? this.#state.exchange : undefined;
  }

  /** Since when nothing is under way, in monotonic milliseconds; undefined while something is. */
  get idleSince(): number | undefined {
    return this.#state.kind === "exchange" || this.#state.kind === "closed" ? undefined : this.#state.since;
  }

  requestLines(request: RequestHead): LinesOut {
    return this.#lines.of(request);
  }

  wantsMore(): void {
    if (this.socket.isPaused()) this.socket.resume();
  }

  /** Takes no further request. What is under way ends first. */
  stop(): void {
    this.#stopping = true;
    if (this.#state.kind === "idle" || this.#state.kind === "fields") this.socket.destroy();
  }

  checkTime(now: number): void {
    const state = this.#state;
    switch (state.kind) {
      case "idle":
        if (now - state.since > KEEP_ALIVE_MS) this.socket.destroy();
        break;
      case "fields":
        if (now - state.since > this.#parts.fieldsMs) {
          this.#refuse(LATE);
        }
        break;
      case "exchange":
        state.exchange.checkTime(now);
        break;
      case "lingering":
        if (now - state.since > LINGER_MS) this.socket.destroy();
        break;
      case "closed":
    }
  }

  answered(): void {
    const { exchange } = this;
    if (exchange === undefined) return;
    if (this.socket.destroyed) {
      this.#state = CLOSED;
      this.#parts.ended(exchange.outcome ?? "client-left");
    } else if (exchange.taken) this.#finish(exchange);
    else exchange.patience.waitFor("reader", this.#parts.clock.monotonic());
  }

  #received(chunk: Buffer): void {
    switch (this.#state.kind) {
      case "idle":
      case "fields":
        this.#unread.add(chunk);
        this.#readRequests();
        break;
      case "exchange":
        this.#unread.add(chunk);
        if (this.#unread.full) this.socket.pause();
        this.#state.exchange.answerer?.moreBody();
        break;
      case "lingering":
      case "closed":
    }
  }

  /** Takes requests until one of them is not answered at once, or no whole one is there. */
  #readRequests(): void {
    // An answer given at once comes back here; the loop that is running goes on with the next request.
    if (this.#reading) return;
    this.#reading = true;
    while (this.#state.kind === "idle" || this.#state.kind === "fields") {
      const { chunk, at } = this.#unread;
      if (chunk === undefined) break;
      const read = this.#heads.read(chunk, at);
      if (read.kind === "refused") this.#refuse(read.refused);
      else if (read.kind === "head") {
        this.#unread.readTo(read.end);
        this.#begin(read.head);
      } else {
        this.#unread.readTo(chunk.length);
        if (this.#state.kind === "idle")
          this.#state = { kind: "fields", since: this.#parts.clock.monotonic() };
      }
    }
    this.#reading = false;
  }

  #begin(request: RequestHead): void {
    const { framing } = request.fields;
    const empty = framing.kind === "none" || (framing.kind === "length" && framing.length === 0);
    const body = empty ? undefined : new RequestBody(framing, this.#unread);
    const exchange = new Exchange(request, body, this, this.#parts.clock.monotonic());
    this.#state = { kind: "exchange", exchange };
    this.#parts.take(exchange);
  }

  /** Everything written has left. */
  #drained(): void {
    const { exchange } = this;
    if (exchange === undefined) return;
    if (exchange.outcome !== undefined) this.#finish(exchange);
    else exchange.answerer?.clientDrained();
  }

  #finish(exchange: Exchange): void {
    this.#parts.ended(exchange.outcome ?? "client-left");
    const now = this.#parts.clock.monotonic();
    if (exchange.closes || this.#stopping) {
      this.#linger(now);
      return;
    }
    this.#state = { kind: "idle", since: now };
    this.wantsMore();
    if (this.#unread.chunk !== undefined) this.#readRequests();
  }

  #refuse(refused: RefusedBytes): void {
    this.outgoing.send(this.socket, this.#parts.refuse(refused));
    this.#linger(this.#parts.clock.monotonic());
  }

  #linger(now: number): void {
    this.#state = { kind: "lingering", since: now };
    this.#unread.clear();
    this.socket.end();
    this.wantsMore();
  }

  /** The client sends no more. Whoever still waits for an answer has left. */
  #ended(): void {
    const { exchange } = this;
    if (exchange !== undefined && exchange.outcome === undefined) this.socket.destroy();
  }

  #closed(): void {
    const { exchange } = this;
    this.#state = CLOSED;
    if (exchange !== undefined) {
      exchange.giveUp(new RouterFailure("client-left", "the client closed its connection"));
      this.#parts.ended("client-left");
    }
    this.#parts.closed(this);
  }
}

/** A socket for both IP versions shows IPv4 clients as ::ffff:192.0.2.7 (RFC 4291 section 2.5.5.2). */
function clientAddress({ remoteAddress = "unknown" }: Socket): string {
  return remoteAddress.startsWith("::ffff:") ? remoteAddress.slice("::ffff:".length) : remoteAddress;
}
