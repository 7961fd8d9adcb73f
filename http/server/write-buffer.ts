import type { Socket } from "node:net";

// The most that one read from an edge returns (64 KiB), and the head before it.
const SIZE = 80 * 1024;

/** Bytes of memory that a socket holds, at the least, while it has not written all of a message that was copied. */
export const HELD_BY_SOCKET = SIZE;

/** A body of so many bytes is copied: that costs less than a second buffer in the write. */
export const COPIED_AT_MOST = 16 * 1024;

const NOTHING = Buffer.alloc(0);

/** A message whose parts stand in memory that is used again. They have to be copied before anything else is done. */
export interface LentMessage {
  /** The texts (latin1) before the field lines and behind them. */
  readonly begin: string;
  readonly behindLines: string;
  readonly memory: Buffer;
  readonly linesAt: number;
  readonly linesEnd: number;
  readonly bodyAt: number;
  readonly bodyEnd: number;
  /** Told when it has been copied. false: the copy is no good, because another thread has changed the memory meanwhile. */
  copied(): boolean;
}

/**
 * Puts the parts of a message together, so that they go out in one write, in one buffer that is used again for the
 * next message. When the kernel has not taken everything, that buffer belongs to the socket and a new one is made.
 */
export class WriteBuffer {
  #bytes = Buffer.allocUnsafeSlow(SIZE);
  /** How much of it waits for `flush`. */
  #gathered = 0;
  #gatheredFor: Socket | undefined;

  /** Writes `head`, `body` and `tail` (latin1). All of it is copied: the caller may use `body` again at once. */
  send(socket: Socket, head: string, body: Uint8Array = NOTHING, tail = ""): void {
    const length = head.length + body.length + tail.length;
    // A socket of TLS would look for its next record (shared-tls-reads.ts).
    if (length === 0) return;
    if (length > SIZE || socket.writableLength > 0) {
      const bytes = Buffer.allocUnsafe(length);
      fill(bytes, 0, head, body, tail);
      socket.write(bytes);
      return;
    }
    fill(this.#bytes, 0, head, body, tail);
    socket.write(this.#bytes.subarray(0, length));
    this.#leaveTo(socket);
  }

  /**
   * Puts a message behind those that were gathered for the same socket; they are written together by `flush`, which must
   * be called before anything else is done with this buffer. A large `body` is not copied: it must never change.
   * What was gathered for another socket and never flushed is dropped: its connection broke.
   */
  gather(socket: Socket, head: string, body: Uint8Array = NOTHING): void {
    if (this.#gatheredFor !== socket) this.#gathered = 0;
    this.#gatheredFor = socket;
    const copied = body.length <= COPIED_AT_MOST;
    if (!copied || this.#gathered + head.length + body.length > SIZE) this.flush(socket);
    if (!copied || head.length + body.length > SIZE) {
      this.sendLasting(socket, head, body, "");
      return;
    }
    fill(this.#bytes, this.#gathered, head, body, "");
    this.#gathered += head.length + body.length;
  }

  /** The same of a message that is lent: all of it is copied, however large it is. Returns whether it is there. */
  gatherLent(socket: Socket, message: LentMessage): boolean {
    const { begin, behindLines, linesAt, linesEnd, bodyAt, bodyEnd } = message;
    const length = begin.length + linesEnd - linesAt + behindLines.length + bodyEnd - bodyAt;
    if (this.#gatheredFor !== socket) this.#gathered = 0;
    this.#gatheredFor = socket;
    if (this.#gathered + length > SIZE) this.flush(socket);
    if (length > SIZE) {
      const bytes = Buffer.allocUnsafe(length);
      fillLent(bytes, 0, message);
      if (!message.copied()) return false;
      socket.write(bytes);
      return true;
    }
    fillLent(this.#bytes, this.#gathered, message);
    if (!message.copied()) return false;
    this.#gathered += length;
    return true;
  }

  flush(socket: Socket): void {
    const gathered = this.#bytes.subarray(0, this.#gatheredFor === socket ? this.#gathered : 0);
    this.#gathered = 0;
    if (gathered.length === 0) return;
    if (socket.writableLength > 0) {
      socket.write(Buffer.from(gathered));
      return;
    }
    socket.write(gathered);
    this.#leaveTo(socket);
  }

  /** A plain socket reads the buffer until all of it has left. One of TLS has encrypted it by now. */
  #leaveTo(socket: Socket): void {
    if (socket.writableLength > 0 && !("encrypted" in socket)) this.#bytes = Buffer.allocUnsafeSlow(SIZE);
  }

  /** The same for a `body` that never changes: when it is large, the socket holds it without a copy. */
  sendLasting(socket: Socket, head: string, body: Uint8Array, tail: string): void {
    if (body.length <= COPIED_AT_MOST) {
      this.send(socket, head, body, tail);
      return;
    }
    socket.cork();
    if (head !== "") socket.write(head, "latin1");
    socket.write(body);
    if (tail !== "") socket.write(tail, "latin1");
    socket.uncork();
  }
}

function fill(bytes: Buffer, at: number, head: string, body: Uint8Array, tail: string): void {
  bytes.write(head, at, "latin1");
  bytes.set(body, at + head.length);
  if (tail !== "") bytes.write(tail, at + head.length + body.length, "latin1");
}

function fillLent(bytes: Buffer, at: number, lent: LentMessage): void {
  const { begin, behindLines, memory, linesAt, linesEnd, bodyAt, bodyEnd } = lent;
  bytes.write(begin, at, "latin1");
  let end = at + begin.length;
  memory.copy(bytes, end, linesAt, linesEnd);
  end += linesEnd - linesAt;
  bytes.write(behindLines, end, "latin1");
  memory.copy(bytes, end + behindLines.length, bodyAt, bodyEnd);
}
