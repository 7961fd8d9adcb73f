import type { OpenConnection } from "../server/connections.ts";
import type { Abandoned } from "../server/exchange.ts";
import { endByFault } from "../server/fault.ts";
import type { Peer } from "../server/peer.ts";
import type { Allowance } from "./allowance.ts";
import { MOST_STREAMS, PER_REQUEST, STREAM_WINDOW } from "./bounds.ts";
import { ClosedStreams } from "./closed-streams.ts";
import { EarlyAnswers } from "./early-answers.ts";
import { ConnectionFault, ERROR, type ErrorCode, LARGEST_WINDOW, rstStream, windowUpdate } from "./frames.ts";
import type { HeaderBlock } from "./header-blocks.ts";
import { giveWhole, Intake, type IntakeParts } from "./intake.ts";
import type { Priority } from "./priority.ts";
import { ReceiveWindow } from "./receive-window.ts";
import type { Stream, StreamOwner } from "./stream.ts";
import { fieldFault } from "./stream-request.ts";

/** What the streams of a connection need of it. */
export interface StreamsParts extends IntakeParts {
  readonly connection: OpenConnection;
  /** Frames that bring nothing forward. */
  readonly idle: Allowance;
  /** Something is to be written. */
  readonly wake: () => void;
}

/** The streams of one connection: their requests, their answers, and what is left of those that are over. */
export class Streams implements StreamOwner {
  readonly peer: Peer;
  readonly #of: StreamsParts;
  readonly #open = new Map<number, Stream>();
  readonly #closed: ClosedStreams;
  readonly #early = new EarlyAnswers();
  readonly #intake: Intake;
  readonly #window: ReceiveWindow;
  /** The highest stream that the client has begun; 0: none. */
  highest = 0;
  #initialWindow = STREAM_WINDOW;
  /** Whether the client has been told that further requests are not taken. */
  closing = false;

  constructor(of: StreamsParts) {
    this.#of = of;
    this.peer = of.peer;
    this.#intake = new Intake(of);
    this.#window = new ReceiveWindow((frame) => of.outlet.control(frame));
    this.#closed = new ClosedStreams(of.idle, this.now());
  }

  get size(): number {
    return this.#open.size;
  }

  /** Whether all requests under way are of the client itself, and none has arrived whole. */
  get receiving(): boolean {
    return this.#open.size > 0 && this.#open.values().every((stream) => stream.receives);
  }

  now(): number {
    return this.#of.server.clock.monotonic();
  }

  encode(head: string): Buffer {
    return this.#of.encoder.encode(head);
  }

  encodeTrailers(lines: string): Buffer {
    return this.#of.encoder.encodeTrailers(lines);
  }

  ready(stream: Stream): void {
    if (stream.closed) return;
    this.#of.outlet.ready(stream);
    this.#of.wake();
  }

  /** `raw`: the decoded block. */
  headers({ stream: id, endStream, dependsOnItself }: HeaderBlock, raw: readonly string[]): void {
    const receiving = this.#receiving(id);
    if (receiving !== undefined) this.#trailers(receiving, endStream, raw);
    else if (id <= this.highest) this.#closed.lateHeaders(id, this.now());
    else {
      this.highest = id;
      this.#of.idle.give(PER_REQUEST);
      if (dependsOnItself) this.#rst(id, ERROR.protocol);
      else if (this.closing || this.#open.size >= MOST_STREAMS) this.#rst(id, ERROR.refusedStream);
      else this.#begin(id, endStream, raw);
    }
  }

  #begin(id: number, endStream: boolean, raw: readonly string[]): void {
    const { server, connection } = this.#of;
    const taken = this.#intake.take({ id, endStream, raw, window: this.#initialWindow }, this);
    switch (taken.kind) {
      case "answered":
        this.#closed.add(id, taken.how, this.#initialWindow);
        if (this.#open.size === 0) server.connections.answered(connection);
        return;
      case "reset":
        this.#rst(id, taken.code);
        return;
      case "stream":
    }
    const { stream, answer } = taken;
    this.#open.set(id, stream);
    server.connections.busy(connection);
    server.began();
    try {
      if (answer === undefined) server.take(stream.exchange);
      else giveWhole(stream.exchange, answer);
    } catch (thrown) {
      this.fault(stream, thrown);
    }
  }

  /** RFC 9113 section 8.1: fields behind the body. As by HTTP/1.1, they are read and dropped. */
  #trailers(stream: Stream, endStream: boolean, raw: readonly string[]): void {
    if (stream.received) this.#fail(stream, ERROR.streamClosed);
    else if (!endStream || fieldFault(raw) !== undefined) this.#fail(stream, ERROR.protocol);
    else this.#received(stream);
  }

  /** The client has sent all of the request. */
  #received(stream: Stream): void {
    stream.received = true;
    if (stream.body?.end() === false) this.#fail(stream, ERROR.protocol);
    else if (this.#early.delete(stream)) this.#closed.add(stream.id, "ended", stream.window);
    else stream.exchange.answerer?.moreBody();
  }

  /** The client has made a mistake that ends the stream (RFC 9113 section 5.4.2). */
  #fail(stream: Stream, code: ErrorCode): void {
    this.#rst(stream.id, code);
    if (!this.#early.delete(stream)) this.#abandon(stream, "client-left");
  }

  #rst(id: number, code: ErrorCode): void {
    this.#of.outlet.control(rstStream(id, code));
    this.#closed.add(id, "reset");
    this.#of.wake();
    // Those are not the client's doing.
    if (code !== ERROR.internal && code !== ERROR.connect) this.#closed.countReset(this.now());
  }

  /** The content of a DATA frame, which took `taken` bytes of the windows. */
  data(id: number, content: Buffer, taken: number, endStream: boolean): void {
    this.#window.take(taken);
    this.#checkBegun(id);
    const stream = this.#receiving(id);
    this.#window.give(stream === undefined ? taken : taken - content.length);
    if (stream === undefined) {
      this.#closed.lateData(id, this.now());
      return;
    }
    const fault = stream.accept(content, taken);
    if (fault !== undefined) this.#fail(stream, fault);
    else if (endStream) this.#received(stream);
    else if (!this.#early.has(stream)) stream.exchange.answerer?.moreBody();
    else if (!this.#early.drops(stream)) this.#stop(stream);
  }

  /** The stream of a request that is under way, or has been answered before it had come whole. */
  #receiving(id: number): Stream | undefined {
    const stream = this.#open.get(id);
    return stream?.closed === false ? stream : this.#early.get(id);
  }

  /** RFC 9113 section 8.1: the rest of the body is of no use. */
  #stop(stream: Stream): void {
    this.#of.outlet.control(rstStream(stream.id, ERROR.none));
    this.#closed.add(stream.id, "reset", stream.window);
    this.#early.delete(stream);
    this.#of.wake();
  }

  consumed(stream: Stream, bytes: number): void {
    this.#window.give(bytes);
    const more = stream.returned(bytes);
    if (more > 0) this.#of.outlet.control(windowUpdate(stream.id, more));
    this.#of.wake();
  }

  /** The client takes so many more bytes on the stream. */
  windowUpdate(id: number, bytes: number): void {
    this.#checkBegun(id);
    const stream = this.#receiving(id) ?? this.#open.get(id);
    if (stream === undefined) this.#closed.lateWindow(id, bytes, this.now());
    else if (bytes === 0) this.#fail(stream, ERROR.protocol);
    else if (stream.window + bytes > LARGEST_WINDOW) this.#fail(stream, ERROR.flowControl);
    else {
      stream.window += bytes;
      this.#of.wake();
    }
  }

  /** RFC 9113 section 6.9.2: it changes the windows of all streams. */
  beginWith(window: number): void {
    const change = window - this.#initialWindow;
    this.#initialWindow = window;
    for (const stream of this.#open.values()) {
      stream.window += change;
      if (stream.window > LARGEST_WINDOW)
        throw new ConnectionFault(ERROR.flowControl, "a window is too large");
    }
    this.#of.wake();
  }

  prioritise(id: number, priority: Priority): void {
    const stream = this.#open.get(id);
    if (stream !== undefined) stream.priority = priority;
  }

  /** RST_STREAM has come. */
  left(id: number): void {
    this.#checkBegun(id);
    const stream = this.#receiving(id);
    if (stream === undefined) {
      this.#closed.lateReset(id, this.now());
      return;
    }
    this.#closed.add(id, "ended");
    this.#closed.countReset(this.now());
    if (!this.#early.delete(stream)) this.#abandon(stream, "client-left");
  }

  #checkBegun(id: number): void {
    if (id > this.highest) throw new ConnectionFault(ERROR.protocol, "a frame on a stream that is idle");
  }

  /** All that the stream had to send has been written. */
  sent(stream: Stream): void {
    if (!this.#open.has(stream.id)) return;
    if (!stream.ended) {
      stream.exchange.answerer?.clientDrained();
      return;
    }
    if (stream.received) this.#closed.add(stream.id, "ended", stream.window);
    this.#end(stream, "answered");
    if (!stream.received && !this.#early.add(stream, this.now())) this.#stop(stream);
  }

  reset(stream: Stream, code: ErrorCode): void {
    if (stream.closed) return;
    this.#rst(stream.id, code);
    stream.drop();
    this.#of.outlet.forget(stream);
    // Its exchange ends itself, or has to be told.
    queueMicrotask(() => {
      if (this.#open.has(stream.id)) this.#abandon(stream, "client-left");
    });
  }

  over(stream: Stream): void {
    this.#end(stream, stream.exchange.end === "cut" ? "cut" : "client-left");
  }

  fault(stream: Stream, thrown: unknown): void {
    endByFault(thrown, stream.exchange, () => this.reset(stream, ERROR.internal), this.#of.server.fault);
  }

  checkTime(now: number): void {
    for (const stream of this.#early.overdue(now)) this.#stop(stream);
    for (const stream of this.#open.values()) {
      try {
        stream.exchange.checkTime(now);
      } catch (thrown) {
        this.fault(stream, thrown);
      }
    }
  }

  /** The connection ends. */
  abandonAll(why: Abandoned): void {
    for (const stream of this.#open.values()) this.#abandon(stream, why);
  }

  #abandon(stream: Stream, why: Abandoned): void {
    if (why === "stopping") this.#of.outlet.control(rstStream(stream.id, ERROR.cancel));
    stream.drop();
    try {
      stream.exchange.abandon(why);
    } catch (thrown) {
      this.#of.server.fault(thrown, undefined);
    } finally {
      this.#end(stream, "client-left");
    }
  }

  #end(stream: Stream, end: "answered" | "cut" | "client-left"): void {
    if (!this.#open.delete(stream.id)) return;
    const { server, connection, outlet } = this.#of;
    stream.drop();
    outlet.forget(stream);
    this.#window.give(stream.body?.size ?? 0);
    server.ended();
    const { countsFor, onEnd } = stream.exchange;
    if (countsFor !== undefined) server.requests.end(countsFor);
    if (this.#open.size === 0) server.connections.idle(connection);
    onEnd?.(end);
  }
}
