import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** Writes whatever it likes to the socket once the head of a request has come. `count` is 1 for the first request. */
export type RawReply = (socket: Socket, count: number, head: string) => void;

/** An origin that speaks in raw bytes, for replies that no HTTP server would send. */
export class RawOrigin {
  readonly url: URL;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Heads of the requests so far. */
  readonly heads: string[] = [];
  /** Connections so far on which something was asked for. */
  connections = 0;
  /** Written to every new connection, before any request. */
  greeting = "";

  private constructor(server: Server, reply: RawReply) {
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    this.url = new URL(`http://127.0.0.1:${port}`);
    server.on("connection", (socket: Socket) => this.#converse(socket, reply));
  }

  static async start(reply: RawReply): Promise<RawOrigin> {
    const server = createServer({ noDelay: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new RawOrigin(server, reply);
  }

  /** Resolves when the connection that is open now, or the next one, has closed. */
  async closed(): Promise<void> {
    for (const socket of this.#sockets) await once(socket, "close");
  }

  /** Breaks the connections that are open now. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #converse(socket: Socket, reply: RawReply): void {
    this.#sockets.add(socket);
    socket.write(this.greeting);
    let received = "";
    socket.setEncoding("latin1");
    socket.once("data", () => {
      this.connections += 1;
    });
    socket.on("data", (text: string) => {
      received += text;
      for (let end = received.indexOf("\r\n\r\n"); end >= 0; end = received.indexOf("\r\n\r\n")) {
        this.heads.push(received.slice(0, end));
        received = received.slice(end + 4);
        reply(socket, this.heads.length, this.heads.at(-1) ?? "");
      }
    });
    // A client that resets its connection is what some of these replies are for.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
  }
}
