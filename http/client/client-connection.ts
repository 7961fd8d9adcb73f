import type { Socket } from "node:net";
import { type ResponseFault, ResponseReader, type ResponseSink } from "./response-reader.ts";
import { openSocket, type Server, tooLate } from "./server-socket.ts";

/** Why a request on a connection failed. */
export type ConnectionFault =
  /** There was no connection. */
  | { readonly kind: "unreachable"; readonly why: string; readonly cause: Error | undefined }
  /** The connection ended too early. */
  | {
      readonly kind: "broke-off";
      readonly why: string;
      readonly cause: Error | undefined;
      /** The server has said that it has done nothing of the request. */
      readonly isUnprocessed?: boolean;
    }
  /** The server sent what is no response to this request. */
  | { readonly kind: "malformed"; readonly why: string; readonly fault: ResponseFault };

/** The one request in flight on a connection. */
export interface ConnectionUser extends ResponseSink {
  /** The request may be written. */
  connected(): void;
  /** The server accepts more of the request's body. */
  drained(): void;
  /** One read from the socket has ended, so its parts can be sent together. */
  readOver(): void;
  /** The response is complete. `excess`: more bytes followed than the request asked for. */
  whole(excess: boolean): void;
  /** There will be no response, or no rest of it. */
  failed(fault: ConnectionFault): void;
  /** One of these calls threw. The connection is closed. */
  faulted(thrown: unknown): void;
}

/** The pool that a connection belongs to. */
export interface ConnectionOwner<U extends ConnectionUser> {
  /** It is idle and can carry another request. */
  keep(connection: ClientConnection<U>, now: number): void;
  /** It is closed. */
  forget(connection: ClientConnection<U>): void;
}

/**
 * connecting → busy ⇄ idle. Any state → closed: by the server, by a failure, by the user. An idle connection still
 * reads: bytes or an end close it.
 */
type State<U> =
  | { readonly kind: "connecting"; readonly user: U }
  | { readonly kind: "busy"; readonly user: U }
  | { readonly kind: "idle" }
  | { readonly kind: "closed" };

const IDLE = { kind: "idle" } as const;
const CLOSED = { kind: "closed" } as const;

/** One keep-alive connection to a server, for one request at a time. */
export class ClientConnection<U extends ConnectionUser = ConnectionUser> {
  /** Its user writes chunks where they are needed. */
  readonly framesContent = false;
  readonly #owner: ConnectionOwner<U>;
  readonly #socket: Socket;
  readonly #reader: ResponseReader;
  #connectTimer: NodeJS.Timeout | undefined;
  #state: State<U>;
  #answers = 0;
  #held = false;
  #heard = false;
  /** The time since which it is idle, in monotonic milliseconds. Its pool sets it. */
  idleSince = 0;

  constructor(to: Server, owner: ConnectionOwner<U>, user: U) {
    this.#owner = owner;
    this.#reader = new ResponseReader(to.limits);
    this.#state = { kind: "connecting", user };
    this.#socket = openSocket(to, (length, bytes) => {
      this.#guarded(() => this.#read(bytes, length));
      return !this.#held;
    });
    this.#connectTimer = setTimeout(() => this.#guarded(() => this.#gone(tooLate(to))), to.connectMs);
    this.#socket
      .on(to.tls === undefined ? "connect" : "secureConnect", () => this.#guarded(() => this.#connected()))
      .on("drain", () => this.#guarded(() => this.user?.drained()))
      .on("error", (error) => this.#guarded(() => this.#gone(error)))
      .on("end", () => this.#guarded(() => this.#gone(undefined)))
      .on("close", () => this.#guarded(() => this.#gone(closed())));
  }

  /** Whether it has carried a response before. If so, the server may be closing it just now. */
  get reused(): boolean {
    return this.#answers > 0;
  }

  /** Whether a request can be written at once. */
  get ready(): boolean {
    return this.#state.kind === "busy";
  }

  /** Whether a byte has come since the request was sent. */
  get heard(): boolean {
    return this.#heard;
  }

  /** Takes an idle connection for a request. */
  use(user: U): void {
    this.#state = { kind: "busy", user };
  }

  /** Calls its user, if it has one. If that throws, the request has failed, and nothing else. */
  tell(act: (user: U) => void): void {
    const user = this.user;
    if (user !== undefined) this.#guarded(() => act(user));
  }

  /**
   * Begins a request. How its response ends depends on `method`. `head`: one char a byte. `upgrade`: the protocol that it
   * offers, in lower case; after a 101 what comes is no HTTP, and is told as the content of that response.
   */
  send(method: string, head: string, upgrade?: string): void {
    this.#heard = false;
    this.#reader.begin(method, upgrade);
    this.#socket.write(head, "latin1");
  }

  /** Writes one more part of the request. */
  sendMore(bytes: Uint8Array | string): void {
    this.#socket.write(bytes, "latin1");
  }

  /** Nothing more will be sent. What the server still says is read. */
  sendEnd(): void {
    this.#socket.end();
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

  /** Stops reading until `resume`. With TLS, bytes that have been received may still come. */
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
    this.#owner.keep(this, now);
  }

  /** Closes the connection. The user gets no more calls. */
  destroy(): void {
    this.#state = CLOSED;
    this.#close();
  }

  /** Whose request it carries. */
  get user(): U | undefined {
    const state = this.#state;
    return state.kind === "connecting" || state.kind === "busy" ? state.user : undefined;
  }

  /** The boundary for everything that a server causes. A bug of ours ends the request, never the process. */
  #guarded(act: () => void): void {
    const user = this.user;
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
    clearTimeout(this.#connectTimer);
    this.#state = { kind: "busy", user };
    user.connected();
  }

  #read(buffer: Uint8Array, length: number): void {
    if (this.#state.kind !== "busy") {
      this.destroy();
      return;
    }
    const { user } = this.#state;
    this.#heard = true;
    const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, length);
    const progress = this.#reader.read(bytes, user);
    switch (progress.kind) {
      case "more":
        user.readOver();
        break;
      case "whole":
        user.whole(progress.excess);
        break;
      case "malformed":
        this.#fail(progress);
        break;
    }
  }

  /** The socket has closed: properly, if there is no cause. */
  #gone(cause: Error | undefined): void {
    const state = this.#state;
    switch (state.kind) {
      case "connecting":
        this.#fail({ kind: "unreachable", why: "no connection", cause });
        break;
      case "busy":
        if (cause === undefined && this.#reader.closed()) {
          this.destroy();
          state.user.whole(false);
        } else this.#fail({ kind: "broke-off", why: "broke off", cause });
        break;
      case "idle":
      case "closed":
        this.destroy();
    }
  }

  #fail(fault: ConnectionFault): void {
    const user = this.user;
    this.#state = CLOSED;
    this.#close();
    user?.failed(fault);
  }

  #close(): void {
    clearTimeout(this.#connectTimer);
    if (!this.#socket.destroyed) this.#socket.destroy();
    this.#owner.forget(this);
  }
}

function closed(): Error {
  return Object.assign(new Error("closed"), { code: "ECONNABORTED" });
}
