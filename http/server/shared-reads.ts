/**
 * Reads the sockets of a server into one buffer that all of them share. node allocates 64 KiB for each read otherwise,
 * which is a fifth of the processor time of a hit.
 *
 * node offers this for sockets that connect (`onread`), and not for those that a server accepts. So an accepted socket
 * gives its handle to a new one, through three properties that are not documented. When a node has them no more, its
 * sockets are read as usual: shared-reads.test.ts fails then.
 */
import { Socket } from "node:net";

// The most bytes that one read returns.
const INPUT = Buffer.alloc(64 * 1024);

const OPTIONS = { allowHalfOpen: true, writableHighWaterMark: 1 } as const;

/** As much of an accepted socket as is private to node. */
interface Accepted {
  _handle?: { useUserBuffer?: unknown } | null;
  _server?: unknown;
  server?: unknown;
}

/**
 * Calls `received` with what a client sends. `shared`: the bytes are there until it returns, and no longer. The server must
 * have been made with `pauseOnConnect`. The socket is to be used in place of the accepted one.
 */
export function readShared(accepted: Socket, received: (bytes: Buffer, shared: boolean) => void): Socket {
  const inner: Accepted = accepted as Accepted;
  const handle = inner._handle;
  if (typeof handle?.useUserBuffer !== "function") {
    accepted.on("data", (bytes: Buffer) => received(bytes, false));
    return accepted;
  }
  const server = inner._server;
  inner._handle = null;
  inner._server = null;
  inner.server = null;
  const onread = {
    buffer: INPUT,
    callback: (length: number) => {
      received(INPUT.subarray(0, length), true);
      return true;
    },
  };
  const options: object = { ...OPTIONS, handle, pauseOnCreate: true, onread };
  const socket = new Socket(options);
  // So that the server counts it and waits for its end.
  Object.assign(socket, { server, _server: server });
  return socket;
}
