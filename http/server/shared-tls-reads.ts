/**
 * Reads the sockets of a TLS port into one buffer that all of them share. node makes a buffer for each record otherwise, and
 * passes it through a stream: a tenth to a third of the processor time of a hit.
 *
 * node offers this for TLS sockets that connect (`onread`), and not for those of a server. So a socket is given what node
 * gives to the others: two properties, whose names are symbols, and a method of its handle. None of them is documented. When
 * a node has them no more, its sockets are read as usual: shared-tls-reads.test.ts fails then.
 */
import { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

// The most that one record holds (RFC 8446 section 5.1), which is the most that node decrypts at once.
const INPUT = Buffer.alloc(16 * 1024);

interface Handle {
  useUserBuffer?: unknown;
}

const [BUFFER, CALLBACK] = ["kBuffer", "kBufferCb"].map((name) =>
  Object.getOwnPropertySymbols(new Socket()).find(({ description }) => description === name),
);

/**
 * Calls `received` with what a client sends from now on. `shared`: the bytes are there until it returns, and no longer. The
 * handshake must be done.
 */
export function readTlsShared(socket: TLSSocket, received: (bytes: Buffer, shared: boolean) => void): void {
  let receiving = false;
  const take = (length: number): boolean => {
    const bytes = INPUT.subarray(0, length);
    // All records that the kernel has given are decrypted at once, also those behind one that paused the socket.
    if (socket.isPaused() || socket.readableLength > 0) return socket.push(Buffer.from(bytes));
    // node decrypts the next record when something empty is written, and the bytes of this one are gone.
    if (receiving) {
      socket.destroy();
      return false;
    }
    receiving = true;
    try {
      received(bytes, true);
    } finally {
      receiving = false;
    }
    return true;
  };
  const { _handle: handle } = socket as { _handle?: Handle | null };
  if (BUFFER !== undefined && CALLBACK !== undefined && typeof handle?.useUserBuffer === "function") {
    Object.assign(socket, { [BUFFER]: INPUT, [CALLBACK]: take });
    handle.useUserBuffer(INPUT);
  }
  // What came while the socket was paused.
  socket.on("data", (bytes: Buffer) => received(bytes, false));
}
