import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { block, type FieldList, frame, type ReceivedFrame } from "./http2-frames.ts";

const PREFACE_BYTES = 24;
const [HEADERS, SETTINGS, END_STREAM, END_HEADERS] = [1, 4, 1, 4];

/** The HEADERS frame of a response. */
export function response(stream: number, fields: FieldList, flags = END_HEADERS): Buffer {
  return frame(HEADERS, flags, stream, block(fields));
}

/** The HEADERS frame of a response without content. */
export function wholeResponse(stream: number, fields: FieldList): Buffer {
  return response(stream, fields, END_HEADERS | END_STREAM);
}

/** Says what it likes once the header block of a request has come. `count` is 1 for the first request. */
export type FrameReply = (socket: Socket, stream: number, count: number) => void;

/** An origin that speaks HTTP/2 in raw frames, for what no server would send. */
export class FrameOrigin {
  readonly url: URL;
  readonly #server: Server;
  readonly #reply: FrameReply;
  readonly #sockets = new Set<Socket>();
  readonly #greeting: Buffer;
  #changed = Promise.withResolvers<void>();
  /** All frames so far, of all connections. */
  readonly frames: ReceivedFrame[] = [];
  /** Connections so far. */
  connections = 0;
  #requests = 0;

  private constructor(server: Server, reply: FrameReply, greeting: Buffer) {
    this.#server = server;
    this.#reply = reply;
    this.#greeting = greeting;
    const { port } = server.address() as AddressInfo;
    this.url = new URL(`http://127.0.0.1:${port}`);
    server.on("connection", (socket: Socket) => this.#converse(socket));
  }

  /** `greeting`: what it says first. */
  static async start(reply: FrameReply, greeting = frame(SETTINGS, 0, 0)): Promise<FrameOrigin> {
    const server = createServer({ noDelay: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new FrameOrigin(server, reply, greeting);
  }

  /** Resolves with the first frame, past or to come, that fits. */
  async find(fits: (frame: ReceivedFrame) => boolean): Promise<ReceivedFrame> {
    for (;;) {
      const found = this.frames.find(fits);
      if (found !== undefined) return found;
      await this.#changed.promise;
    }
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #converse(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.write(this.#greeting);
    let rest = Buffer.alloc(0);
    let greeted = false;
    socket.on("data", (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes]);
      if (!greeted) {
        if (rest.length < PREFACE_BYTES) return;
        rest = rest.subarray(PREFACE_BYTES);
        greeted = true;
      }
      while (rest.length >= 9) {
        const end = 9 + rest.readUIntBE(0, 3);
        if (rest.length < end) break;
        const payload = Buffer.from(rest.subarray(9, end));
        const came = { type: rest[3] ?? 0, flags: rest[4] ?? 0, stream: rest.readUInt32BE(5), payload };
        rest = rest.subarray(end);
        this.#came(socket, came);
      }
      const changed = this.#changed;
      this.#changed = Promise.withResolvers();
      changed.resolve();
    });
    // A client that resets its connection is what some of these replies are for.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #came(socket: Socket, came: ReceivedFrame): void {
    this.frames.push(came);
    if (came.type !== HEADERS) return;
    this.#requests += 1;
    this.#reply(socket, came.stream, this.#requests);
  }
}
