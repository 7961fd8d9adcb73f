import type { Socket } from "node:net";
import {
  ERROR,
  FLAG,
  FRAME,
  FRAME_HEADER,
  headersBytes,
  MOST_FRAME_BYTES,
  rstStream,
  writeFrameHeader,
  writeHeaders,
} from "./frames.ts";
import { nextStream, type Waiting } from "./next-stream.ts";

// One write. It is large enough that the cost of a write does not count, and small enough that a client's next request does
// not wait long behind it.
const SIZE = 256 * 1024;

// A plain socket may take any number at once. Others have their turn after a few hundred microseconds.
const MOST_WRITES = 4;

// An answer of so many bytes delays the others by less than the order of priorities is worth.
const PASSING_BYTES = 2 * 1024;

/** An answer that needs no stream of its own: its windows have been asked, and it is written next. */
export interface ReadyAnswer {
  readonly id: number;
  readonly block: Buffer;
  readonly body: Uint8Array | undefined;
  /** Whether RST_STREAM follows (RFC 9113 section 8.1): the rest of the request is of no use. */
  readonly stops: boolean;
}

/** A stream, as far as it is written. */
export interface OutletStream extends Waiting {
  /** Header blocks that have not been written. */
  readonly heads: Buffer[];
  /** The header block that ends it behind its content. */
  readonly endBlock: Buffer | undefined;
  /** Whether nothing more will be given to it. */
  readonly ended: boolean;
  /** Bytes of content that have not been written. */
  readonly untaken: number;
  /** Bytes of DATA that the other side takes. */
  readonly window: number;
  /** Copies up to `most` bytes of the content that come next to `out`. Returns how many. */
  take(out: Buffer, at: number, most: number): number;
}

/** Memory in which the writes of all connections are put together, one after the other. */
export class OutletBuffer {
  bytes = Buffer.allocUnsafeSlow(SIZE);

  /** Somebody still reads what is in it. */
  leave(): void {
    this.bytes = Buffer.allocUnsafeSlow(SIZE);
  }
}

/**
 * Writes the frames of one connection. What is there when it may write goes out in one write, and the next one waits until
 * that has left: so a client that does not read holds one write and what its streams hold.
 */
export class Outlet<S extends OutletStream> {
  readonly #socket: Socket;
  readonly #buffer: OutletBuffer;
  readonly #wrote: { data(): void; sent(stream: S): void };
  readonly #control: Buffer[] = [];
  #controlBytes = 0;
  readonly #answers: ReadyAnswer[] = [];
  #answerBytes = 0;
  /** With something to send. The one whose turn is longest ago stands first. */
  readonly #ready = new Set<S>();
  /** Bytes of DATA that the client takes on all streams together. */
  window = 65_535;

  /** `data`: a DATA frame has been written. `sent`: all that the stream had to send has been written. */
  constructor(socket: Socket, buffer: OutletBuffer, wrote: { data(): void; sent(stream: S): void }) {
    this.#socket = socket;
    this.#buffer = buffer;
    this.#wrote = wrote;
  }

  /** Bytes of frames that wait and are no answers. */
  get controlBytes(): number {
    return this.#controlBytes;
  }

  /** Whether nothing waits to be written but what windows hold back. */
  get empty(): boolean {
    return this.#control.length === 0 && this.#answers.length === 0;
  }

  control(frame: Buffer): void {
    this.#control.push(frame);
    this.#controlBytes += frame.length;
  }

  /** Takes an answer that can be written next; false when it must wait its turn. `window`: of its stream. */
  answer(answer: ReadyAnswer, window: number): boolean {
    const length = answer.body?.byteLength ?? 0;
    const frames = answerBytes(answer);
    if (length > Math.min(window, this.window)) return false;
    if (this.#ready.size > 0 && length > PASSING_BYTES) return false;
    if (this.#answerBytes + frames > SIZE / 2) return false;
    this.window -= length;
    this.#answers.push(answer);
    this.#answerBytes += frames;
    return true;
  }

  ready(stream: S): void {
    this.#ready.add(stream);
  }

  forget(stream: S): void {
    this.#ready.delete(stream);
  }

  /** Writes what may be written. */
  write(): void {
    for (let writes = 0; !this.#socket.destroyed && this.#socket.writableLength === 0; writes += 1) {
      if (writes === MOST_WRITES) {
        setImmediate(() => this.write());
        return;
      }
      const sent: S[] = [];
      const length = this.#gather(sent);
      if (length === 0) return;
      this.#socket.write(this.#buffer.bytes.subarray(0, length));
      // TLS has encrypted it by now. A plain socket reads it until it has left.
      if (this.#socket.writableLength > 0 && !("encrypted" in this.#socket)) this.#buffer.leave();
      for (const stream of sent) this.#wrote.sent(stream);
    }
  }

  #gather(sent: S[]): number {
    const out = this.#buffer.bytes;
    let at = 0;
    while (this.#control[0] !== undefined && at + this.#control[0].length <= SIZE) {
      at += this.#control[0].copy(out, at);
      this.#controlBytes -= this.#control[0].length;
      this.#control.shift();
    }
    if (this.#control.length > 0) return at;
    at = this.#gatherAnswers(out, at);
    return this.#answers.length > 0 ? at : this.#gatherStreams(out, at, sent);
  }

  #gatherAnswers(out: Buffer, from: number): number {
    let at = from;
    let done = 0;
    for (const answer of this.#answers) {
      const { id, block, body } = answer;
      const length = body?.byteLength ?? 0;
      if (at + answerBytes(answer) > SIZE) break;
      at = writeHeaders(out, at, { stream: id, block, endStream: length === 0 });
      for (let part = 0; body !== undefined && part < length; part += MOST_FRAME_BYTES) {
        const size = Math.min(MOST_FRAME_BYTES, length - part);
        const flags = part + size === length ? FLAG.endStream : 0;
        at = writeFrameHeader(out, at, { length: size, type: FRAME.data, flags, stream: id });
        out.set(size === length ? body : body.subarray(part, part + size), at);
        at += size;
        this.#wrote.data();
      }
      if (answer.stops) at += rstStream(id, ERROR.none).copy(out, at);
      done += 1;
    }
    this.#answers.splice(0, done);
    if (this.#answers.length === 0) this.#answerBytes = 0;
    return at;
  }

  #gatherStreams(out: Buffer, from: number, sent: S[]): number {
    let at = from;
    // The heads do not count for the window of the connection.
    for (const stream of this.#ready) {
      while (stream.heads[0] !== undefined) {
        const isOnly = stream.heads.length === 1 && stream.endBlock === undefined;
        const last = isOnly && stream.ended && stream.untaken === 0;
        if (at + headersBytes(stream.heads[0]) > SIZE) return at;
        at = writeHeaders(out, at, { stream: stream.id, block: stream.heads[0], endStream: last });
        stream.heads.shift();
        if (last) sent.push(stream);
      }
      // Its end has been said, or there is nothing to say yet.
      if (stream.untaken === 0 && (!stream.ended || sent.at(-1) === stream)) this.#ready.delete(stream);
    }
    for (;;) {
      const stream = this.window > 0 ? nextStream(this.#ready) : this.#emptyEnd();
      if (stream === undefined) return at;
      const room = SIZE - at - FRAME_HEADER;
      const most = Math.min(MOST_FRAME_BYTES, room, stream.window, this.window);
      const length = Math.max(0, Math.min(most, stream.untaken));
      if (room < 0 || (length === 0 && stream.untaken > 0)) return at;
      const isLast = stream.ended && length === stream.untaken;
      const { id, endBlock } = stream;
      if (length > 0 || endBlock === undefined) {
        const flags = isLast && endBlock === undefined ? FLAG.endStream : 0;
        at = writeFrameHeader(out, at, { length, type: FRAME.data, flags, stream: id });
        at += stream.take(out, at, length);
        this.window -= length;
        this.#wrote.data();
      }
      // Its next turn comes behind all others.
      this.#ready.delete(stream);
      if (stream.untaken > 0) this.#ready.add(stream);
      else if (!isLast || endBlock === undefined) sent.push(stream);
      else if (at + headersBytes(endBlock) > SIZE) {
        this.#ready.add(stream);
        return at;
      } else {
        at = writeHeaders(out, at, { stream: id, block: endBlock, endStream: true });
        sent.push(stream);
      }
    }
  }

  /** A stream that only has to say that it has ended, for which no window is needed. */
  #emptyEnd(): S | undefined {
    for (const stream of this.#ready) if (stream.untaken === 0 && stream.ended) return stream;
    return undefined;
  }
}

// Of RST_STREAM.
const STOP_BYTES = FRAME_HEADER + 4;

function answerBytes({ block, body }: ReadyAnswer): number {
  const length = body?.byteLength ?? 0;
  return STOP_BYTES + headersBytes(block) + length + Math.ceil(length / MOST_FRAME_BYTES) * FRAME_HEADER;
}
