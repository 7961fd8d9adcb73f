import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** An origin that speaks WebSocket at every path, and answers "page" to every other request. */
export class WebSocketOrigin {
  readonly url: URL;
  /** The requests for a WebSocket so far. */
  readonly asked: IncomingMessage[] = [];
  readonly #server: Server;
  readonly #sockets: WebSocketServer;

  private constructor(server: Server, talk: (socket: WebSocket, asked: IncomingMessage) => void) {
    const { port } = server.address() as AddressInfo;
    this.url = new URL(`http://127.0.0.1:${port}`);
    this.#server = server;
    this.#sockets = new WebSocketServer({ server });
    this.#sockets.on("connection", (socket, asked) => {
      this.asked.push(asked);
      // A client that breaks off is what some tests are about.
      socket.on("error", () => socket.terminate());
      talk(socket, asked);
    });
  }

  static async start(
    talk: (socket: WebSocket, asked: IncomingMessage) => void = echo,
  ): Promise<WebSocketOrigin> {
    const server = createServer((_, response) => response.end("page"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new WebSocketOrigin(server, talk);
  }

  /** How many are open. */
  get open(): number {
    return this.#sockets.clients.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

function echo(socket: WebSocket): void {
  socket.on("message", (message, isBinary) => socket.send(message, { binary: isBinary }));
}
