import type { Socket } from "node:net";

// What one read from an edge brings at most (64 KiB), and the head before it.
const SIZE = 80 * 1024;

const NOTHING = Buffer.alloc(0);

/**
 * Puts the parts of a message together, so that they go out in one write, in one buffer that is used again for the
 * next message. When the kernel has not taken everything, that buffer belongs to the socket and a new one is made.
 */
export class WriteBuffer {
  #bytes = Buffer.allocUnsafeSlow(SIZE);

  /** Writes `head`, `body` and `tail` (latin1). All of it is copied: the caller may use `body` again at once. */
  send(socket: Socket, head: string, body: Buffer = NOTHING, tail = ""): void {
    const length = head.length + body.length + tail.length;
    if (length > SIZE || socket.writableLength > 0) {
      const bytes = Buffer.allocUnsafe(length);
      fill(bytes, head, body, tail);
      socket.write(bytes);
      return;
    }
    fill(this.#bytes, head, body, tail);
    socket.write(this.#bytes.subarray(0, length));
    if (socket.writableLength > 0) this.#bytes = Buffer.allocUnsafeSlow(SIZE);
  }
}

function fill(bytes: Buffer, head: string, body: Buffer, tail: string): void {
  bytes.write(head, 0, "latin1");
  bytes.set(body, head.length);
  if (tail !== "") bytes.write(tail, head.length + body.length, "latin1");
}
