import { connect, type Socket } from "node:net";
import type { Address } from "../../process/address.ts";
import { AnswerReader, type AnswerSink } from "./answer-reader.ts";
import { ResponseLines } from "./response-head-out.ts";

export const CONNECTION_FAULTS = ["edge-unreachable", "edge-broke-off", "edge-rubbish"] as const;

/** Why a request on a connection failed. */
export interface ConnectionFault {
  readonly code: (typeof CONNECTION_FAULTS)[number];
  readonly why: string;
  readonly cause?: unknown;
}

/** The one request in flight on a connection. */
export interface ConnectionUser extends AnswerSink {
  /** The request may be written. */
  connected(): void;
  /** The edge accepts more of the request's body. */
  drained(): void;
  /** One read from the socket has ended, so its parts can be sent together. */
  readOver(): void;
  /** The response is complete. */
  whole(excess: boolean): void;
  /** There will be no response, or no rest of it. */
  failed(fault: ConnectionFault): void;
  /** The edge has stopped answering Pings. The connection itself has not failed. */
  edgeDied(why: string): void;
  /** One of these calls threw. The connection is closed. */
  faulted(thrown: unknown): void;
}

/** The pool that a connection belongs to. */
export interface ConnectionPool {
  /** It is idle and can carry another request. */
  keep(connection: EdgeConnection, now: number): void;
  /** It is closed. */
  forget(connection: EdgeConnection): void;
}

/**
 * connecting → busy ⇄ idle. Any state → closed: by the edge, by a failure, by the user. An idle connection still
 * reads: bytes or an end close it.
 */
type State =
  | { readonly kind: "connecting"; readonly user: ConnectionUser }
  | { readonly kind: "busy"; readonly user: ConnectionUser }
  | { readonly kind: "idle" }
  | { readonly kind: "closed" };

const IDLE: State = { kind: "idle" };
const CLOSED: State = { kind: "closed" };

// A lost SYN is retransmitted after 1 s. By then the next edge is the better choice.
const CONNECT_MS = 1000;

// Shared by all connections: each read uses or copies its bytes before it ends.
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** One keep-alive connection to an edge, for one request at a time. */
export class EdgeConnection {
  readonly #pool: ConnectionPool;
  readonly #socket: Socket;
  readonly #reader = new AnswerReader();
  #state: State;
  #answers = 0;
  #held = false;
  /** The field lines of its responses, for clients. */
  readonly lines = new ResponseLines();
  /** The time since which it is idle, in monotonic milliseconds. Its pool sets it. */
  idleSince = 0;

  constructor(address: Address, pool: ConnectionPool, user: ConnectionUser) {
    this.#pool = pool;
    this.#state = { kind: "connecting", user };
    this.#socket = connect({
      ...address,
      noDelay: true,
      onread: {
        buffer: READ_BUFFER,
        callback: (length, bytes) => {
          this.#guarded(() => this.#read(bytes, length));
          return !this.#held;
        },
      },
    });
    this.#socket
      .setTimeout(CONNECT_MS, () =>
        this.#guarded(() => this.#gone(new Error(`no connection within ${CONNECT_MS} ms`))),
      )
      .on("connect", () => this.#guarded(() => this.#connected()))
      .on("drain", () => this.#guarded(() => this.#user?.drained()))
      .on("error", (error) => this.#guarded(() => this.#gone(error)))
      .on("end", () => this.#guarded(() => this.#gone(undefined)))
      .on("close", () => this.#guarded(() => this.#gone(new Error("closed"))));
  }

  /** Whether it has carried a response before. If so, the edge may be closing it just now. */
  get reused(): boolean {
    return this.#answers > 0;
  }

  /** Whether a request can be written at once. */
  get ready(): boolean {
    return this.#state.kind === "busy";
  }

  /** Takes an idle connection for a request. */
  use(user: ConnectionUser): void {
    this.#state = { kind: "busy", user };
  }

  /** Begins a request. How its response ends depends on `method`. */
  send(method: string, head: string): void {
    this.#reader.begin(method);
    this.#socket.write(head, "latin1");
  }

  /** Writes one more part of the request. */
  sendMore(bytes: Buffer | string): void {
    this.#socket.write(bytes, "latin1");
  }

  /** Whether no more should be sent before `drained`. */
  get full(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** Parts that are written between these two calls are sent together. */
  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  /** Stops reading until `resume`. */
  hold(): void {
    this.#held = true;
  }

  resume(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#socket.resume();
  }

  /** Ends the request. Keeps the connection if both sides are ready for another one. */
  release(good: boolean, now: number): void {
    if (this.#state.kind !== "busy") return;
    if (!good || !this.#reader.persists) {
      this.destroy();
      return;
    }
    this.#answers += 1;
    this.#state = IDLE;
    this.resume();
    this.#pool.keep(this, now);
  }

  /** Closes the connection. The user gets no more calls. */
  destroy(): void {
    this.#state = CLOSED;
    this.#close();
  }

  edgeDied(why: string): void {
    this.#guarded(() => this.#user?.edgeDied(why));
  }

  get #user(): ConnectionUser | undefined {
    const state = this.#state;
    return state.kind === "connecting" || state.kind === "busy" ? state.user : undefined;
  }

  /** The boundary for everything that an edge causes. A bug of ours ends the request, never the process. */
  #guarded(act: () => void): void {
    const user = this.#user;
    try {
      act();
    } catch (thrown) {
      this.destroy();
      user?.faulted(thrown);
    }
  }

  #connected(): void {
    if (this.#state.kind !== "connecting") return;
    const { user } = this.#state;
    this.#socket.setTimeout(0);
    this.#state = { kind: "busy", user };
    user.connected();
  }

  #read(buffer: Uint8Array, length: number): void {
    if (this.#state.kind !== "busy") {
      this.destroy();
      return;
    }
    const { user } = this.#state;
    const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, length);
    const progress = this.#reader.read(bytes, user);
    switch (progress.kind) {
      case "more":
        user.readOver();
        break;
      case "whole":
        user.whole(progress.excess);
        break;
      case "rubbish":
        this.#fail({ code: "edge-rubbish", why: progress.why });
        break;
    }
  }

  /** The socket has closed: properly, if there is no cause. */
  #gone(cause: Error | undefined): void {
    const state = this.#state;
    switch (state.kind) {
      case "connecting":
        this.#fail({ code: "edge-unreachable", why: "no connection", cause });
        break;
      case "busy":
        if (cause === undefined && this.#reader.closed()) {
          this.destroy();
          state.user.whole(false);
        } else this.#fail({ code: "edge-broke-off", why: "broke off", cause });
        break;
      case "idle":
      case "closed":
        this.destroy();
    }
  }

  #fail(fault: ConnectionFault): void {
    const user = this.#user;
    this.#state = CLOSED;
    this.#close();
    user?.failed(fault);
  }

  #close(): void {
    if (!this.#socket.destroyed) this.#socket.destroy();
    this.#pool.forget(this);
  }
}
