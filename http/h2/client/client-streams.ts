import type { ConnectionUser, ConnectionFault as Fault } from "../../client/client-connection.ts";
import type { FieldLimits } from "../../message/field-lines.ts";
import type { Scheme } from "../../message/scheme.ts";
import type { Allowance } from "../allowance.ts";
import { PER_REQUEST, STREAM_WINDOW } from "../bounds.ts";
import { ClosedStreams } from "../closed-streams.ts";
import type { FrameTaker } from "../frame-rules.ts";
import {
  ConnectionFault,
  ERROR,
  type ErrorCode,
  LARGEST_WINDOW,
  rstStream,
  windowUpdate,
} from "../frames.ts";
import type { HeaderBlock } from "../header-blocks.ts";
import type { HpackEncoder } from "../hpack-encoder.ts";
import type { Outlet } from "../outlet.ts";
import { ReceiveWindow } from "../receive-window.ts";
import {
  type AnyClientStream,
  type BegunStream,
  ClientStream,
  type ClientStreamOwner,
  RESPONSE_WINDOW,
} from "./client-stream.ts";
import { ListedHeads, type StreamProgress, StreamResponse } from "./stream-response.ts";

export interface ClientStreamsParts {
  readonly limits: FieldLimits;
  readonly scheme: Scheme;
  readonly encoder: HpackEncoder;
  readonly outlet: Outlet<AnyClientStream>;
  /** Frames that bring nothing forward. */
  readonly idle: Allowance;
  readonly now: () => number;
  /** Something is to be written. */
  readonly wake: () => void;
  /** A stream has ended. */
  readonly ended: (stream: AnyClientStream) => void;
}

/**
 * Bytes of all responses together that may be on their way. Each stream bounds what waits for its reader, so this one only must
 * not be the smaller one.
 */
export const RESPONSES_WINDOW = 64 * RESPONSE_WINDOW;

// The frames that a server may still send on a stream that it is told to end: its window, in pieces of 4 KiB.
const PER_CANCEL = RESPONSE_WINDOW / (4 * 1024);

/** The streams of one connection to a server. */
export class ClientStreams<U extends ConnectionUser> implements ClientStreamOwner, FrameTaker {
  readonly #of: ClientStreamsParts;
  /** By number, once their requests have been sent. */
  readonly #begun = new Map<number, ClientStream<U>>();
  readonly #all = new Set<ClientStream<U>>();
  readonly #closed: ClosedStreams;
  readonly #window: ReceiveWindow;
  readonly #heads: ListedHeads;
  #initialWindow = STREAM_WINDOW;
  /** The highest number so far. */
  #highest = -1;
  /** Whether a response has come whole. */
  reused = false;

  constructor(of: ClientStreamsParts) {
    this.#of = of;
    this.#heads = new ListedHeads(of.limits);
    this.#closed = new ClosedStreams(of.idle, of.now());
    this.#window = new ReceiveWindow((frame) => of.outlet.control(frame), RESPONSES_WINDOW);
  }

  get size(): number {
    return this.#all.size;
  }

  get highest(): number {
    return this.#highest;
  }

  get users(): readonly U[] {
    return [...this.#all].map(({ user }) => user);
  }

  open(user: U): ClientStream<U> {
    const stream = new ClientStream(user, this);
    this.#all.add(stream);
    return stream;
  }

  begin(stream: ClientStream<U>, method: string, head: string): BegunStream {
    const { encoder, scheme, now } = this.#of;
    this.#highest += 2;
    this.#begun.set(this.#highest, stream);
    const block = encoder.encodeRequest(head, scheme);
    const response = new StreamResponse(method, this.#heads);
    return { id: this.#highest, block, window: this.#initialWindow, response, now: now() };
  }

  ready(stream: AnyClientStream): void {
    this.#of.outlet.ready(stream);
    this.#of.wake();
  }

  allow({ id }: AnyClientStream, bytes: number): void {
    this.#of.outlet.control(windowUpdate(id, bytes));
    this.#of.wake();
  }

  over(stream: ClientStream<U>, code: ErrorCode): void {
    if (stream.closed) return;
    const isDone = stream.received && stream.ended && stream.untaken === 0 && stream.heads.length === 0;
    if (stream.announced && !isDone) this.#reset(stream, code);
    else this.#end(stream, "ended");
  }

  headers({ stream: id, endStream }: HeaderBlock, raw: readonly string[]): void {
    this.#checkBegun(id);
    const stream = this.#receiving(id);
    if (stream?.response === undefined) {
      this.#closed.lateHeaders(id, this.#of.now());
      return;
    }
    this.#of.idle.give(PER_REQUEST);
    stream.heard = true;
    const { response } = stream;
    this.#told(stream, (user) => response.headers(raw, endStream, user));
  }

  data(id: number, content: Buffer, taken: number, endStream: boolean): void {
    this.#window.take(taken);
    this.#window.give(taken);
    this.#checkBegun(id);
    const stream = this.#receiving(id);
    if (stream?.response === undefined) {
      this.#closed.lateData(id, this.#of.now());
      return;
    }
    if (!stream.accept(taken)) throw new ConnectionFault(ERROR.flowControl, "more DATA than a stream allows");
    const { response } = stream;
    this.#told(stream, (user) => response.data(content, endStream, user));
    stream.used();
  }

  left(id: number, code: number): void {
    this.#checkBegun(id);
    const stream = this.#receiving(id);
    if (stream === undefined) {
      this.#closed.lateReset(id, this.#of.now());
      return;
    }
    const why = `the stream was reset with code ${code}`;
    this.#fail(stream, "ended", {
      kind: "broke-off",
      why,
      cause: broken(why),
      isUnprocessed: code === ERROR.refusedStream,
    });
  }

  windowUpdate(id: number, bytes: number): void {
    this.#checkBegun(id);
    const stream = this.#begun.get(id);
    if (stream === undefined) this.#closed.lateWindow(id, bytes, this.#of.now());
    else if (bytes === 0 || stream.window + bytes > LARGEST_WINDOW) {
      const fault = {
        kind: "malformed",
        fault: "malformed",
        why: "a WINDOW_UPDATE that makes no sense",
      } as const;
      this.#fail(stream, "reset", fault, bytes === 0 ? ERROR.protocol : ERROR.flowControl);
    } else {
      stream.window += bytes;
      this.#of.wake();
    }
  }

  beginWith(window: number): void {
    const change = window - this.#initialWindow;
    this.#initialWindow = window;
    for (const stream of this.#begun.values()) {
      stream.window += change;
      if (stream.window > LARGEST_WINDOW)
        throw new ConnectionFault(ERROR.flowControl, "a window is too large");
    }
    this.#of.wake();
  }

  /** RFC 9218 section 7.1: only clients send it. */
  prioritise(): void {
    throw new ConnectionFault(ERROR.protocol, "PRIORITY_UPDATE of a server");
  }

  /** All that the stream had to send has been written. */
  sent(stream: AnyClientStream): void {
    if (!stream.ended) stream.tell((user) => user.drained());
  }

  /** RFC 9113 section 6.8: the server has not processed streams behind `last`, and never will. */
  unprocessed(last: number, why: string): void {
    for (const stream of [...this.#begun.values()])
      if (stream.id > last)
        this.#fail(stream, "ended", { kind: "broke-off", why, cause: broken(why), isUnprocessed: true });
  }

  failAll(fault: Fault): void {
    for (const stream of [...this.#all]) this.#fail(stream, "ended", fault);
  }

  /** A bug of ours ends the requests of this connection, never the process. */
  faultAll(thrown: unknown): void {
    for (const stream of [...this.#all]) {
      this.#forget(stream, "ended");
      stream.drop();
      stream.user.faulted(thrown);
    }
  }

  #told(stream: ClientStream<U>, read: (user: U) => StreamProgress): void {
    let progress: StreamProgress = { kind: "more" };
    stream.tell((user) => {
      progress = read(user);
    });
    if (!stream.closed) this.#goOn(stream, progress);
  }

  #goOn(stream: ClientStream<U>, progress: StreamProgress): void {
    switch (progress.kind) {
      case "more":
        break;
      case "whole":
        this.reused = true;
        stream.received = true;
        stream.tell((user) => user.whole(false));
        break;
      case "short": {
        const why = "the content is shorter than its Content-Length";
        this.#fail(stream, "ended", { kind: "broke-off", why, cause: broken(why) });
        break;
      }
      case "malformed":
        this.#fail(stream, "reset", progress, ERROR.protocol);
    }
  }

  #receiving(id: number): ClientStream<U> | undefined {
    const stream = this.#begun.get(id);
    return stream?.received === false ? stream : undefined;
  }

  #checkBegun(id: number): void {
    if (id > this.#highest) throw new ConnectionFault(ERROR.protocol, "a frame on a stream that is idle");
  }

  #fail(stream: ClientStream<U>, how: "reset" | "ended", fault: Fault, code: ErrorCode = ERROR.none): void {
    if (stream.closed) return;
    this.#forget(stream, how);
    if (how === "reset") this.#of.outlet.control(rstStream(stream.id, code));
    stream.fail(fault);
    this.#of.ended(stream);
    this.#of.wake();
  }

  #reset(stream: ClientStream<U>, code: ErrorCode): void {
    this.#of.outlet.control(rstStream(stream.id, code));
    this.#of.idle.give(PER_CANCEL);
    this.#end(stream, "reset");
    this.#of.wake();
  }

  #end(stream: ClientStream<U>, how: "reset" | "ended"): void {
    this.#forget(stream, how);
    stream.drop();
    this.#of.ended(stream);
  }

  #forget(stream: ClientStream<U>, how: "reset" | "ended"): void {
    this.#all.delete(stream);
    this.#of.outlet.forget(stream);
    if (this.#begun.delete(stream.id)) this.#closed.add(stream.id, how, stream.window);
  }
}

function broken(why: string): Error {
  return Object.assign(new Error(why), { code: "ECONNRESET" });
}
