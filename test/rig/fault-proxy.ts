import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** The faults of a network between two programs. */
export type LinkFault =
  /** Bytes are taken and not delivered until the link heals: then they arrive late, as TCP makes them. */
  | { readonly kind: "black-hole"; readonly direction: "requests" | "replies" | "both" }
  /** Every connection is reset, once. New ones are made as usual. */
  | { readonly kind: "reset" }
  /** The server carries out the request. The connection is reset in place of the next reply. */
  | { readonly kind: "reply-dropped" }
  /** Every reply arrives later by `ms`. */
  | { readonly kind: "delay"; readonly ms: number };

const HEALTHY = { requestsHeld: false, repliesHeld: false, repliesDropped: false, delayMs: 0 };

/** A TCP proxy in front of a server on this machine, which does to its connections what it is told. */
export class FaultProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #target: number;
  #state = HEALTHY;

  private constructor(server: Server, port: number, target: number) {
    this.#server = server;
    this.port = port;
    this.#target = target;
    server.on("connection", (client) => {
      const link = new Link(client, connect(this.#target, "127.0.0.1"), () => this.#state);
      this.#links.add(link);
      link.onClosed(() => this.#links.delete(link));
    });
  }

  static async start(target: number): Promise<FaultProxy> {
    // A client that closes is one whose answer may still be on its way.
    const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error(`not a TCP address: ${address}`);
    return new FaultProxy(server, address.port, target);
  }

  inflict(fault: LinkFault): void {
    switch (fault.kind) {
      case "black-hole": {
        const { direction } = fault;
        this.#become({ requestsHeld: direction !== "replies", repliesHeld: direction !== "requests" });
        break;
      }
      case "reset":
        this.#reset();
        break;
      case "reply-dropped":
        this.#become({ repliesDropped: true });
        break;
      case "delay":
        this.#become({ delayMs: fault.ms });
        break;
    }
  }

  /** As when a name or an address moves to another server: every connection is reset, and new ones lead to `target`. */
  redirect(target: number): void {
    this.#target = target;
    this.#reset();
  }

  /** Delivers the held bytes. */
  heal(): void {
    this.#become(HEALTHY);
    for (const link of this.#links) link.deliver();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#reset();
    await closed;
  }

  #reset(): void {
    for (const link of this.#links) link.reset();
  }

  #become(state: Partial<typeof HEALTHY>): void {
    this.#state = { ...this.#state, ...state };
  }
}

/** One connection through the proxy. */
class Link {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #pipes: readonly Pipe[];

  constructor(client: Socket, upstream: Socket, state: () => typeof HEALTHY) {
    this.#client = client;
    this.#upstream = upstream;
    const requests = new Pipe(upstream, () => ({ held: state().requestsHeld, delayMs: 0 }));
    const replies = new Pipe(client, () => {
      return { held: state().repliesHeld, delayMs: state().delayMs };
    });
    this.#pipes = [requests, replies];
    client.on("data", (bytes: Buffer) => requests.take(bytes));
    upstream.on("data", (bytes: Buffer) => {
      if (state().repliesDropped) this.reset();
      else replies.take(bytes);
    });
    for (const [socket, pipe] of [
      [client, requests],
      [upstream, replies],
    ] as const) {
      socket.setNoDelay(true);
      // A reset is told by "close", which follows.
      socket.on("error", () => socket.destroy());
      socket.on("close", () => pipe.end());
      socket.on("end", () => pipe.end());
    }
  }

  onClosed(closed: () => void): void {
    let open = 2;
    for (const socket of [this.#client, this.#upstream]) {
      socket.once("close", () => {
        open -= 1;
        if (open === 0) closed();
      });
    }
  }

  deliver(): void {
    for (const pipe of this.#pipes) pipe.deliver();
  }

  reset(): void {
    // Resetting a socket that has begun to close leaves its handle open for ever (Node 26).
    if (this.#client.readyState === "open") this.#client.resetAndDestroy();
    else this.#client.destroy();
    this.#upstream.destroy();
  }
}

/** One direction of a connection: pieces in order, each with the time from which on it may be delivered. */
class Pipe {
  readonly #to: Socket;
  readonly #state: () => { readonly held: boolean; readonly delayMs: number };
  readonly #pieces: { readonly bytes: Buffer; readonly due: number }[] = [];
  #ended = false;
  #alarm: NodeJS.Timeout | undefined;

  constructor(to: Socket, state: () => { readonly held: boolean; readonly delayMs: number }) {
    this.#to = to;
    this.#state = state;
  }

  take(bytes: Buffer): void {
    this.#pieces.push({ bytes, due: performance.now() + this.#state().delayMs });
    this.deliver();
  }

  end(): void {
    this.#ended = true;
    this.deliver();
  }

  deliver(): void {
    clearTimeout(this.#alarm);
    while (!this.#state().held) {
      const [piece] = this.#pieces;
      if (piece === undefined) {
        if (this.#ended) this.#to.end();
        return;
      }
      const early = piece.due - performance.now();
      if (early > 0) {
        this.#alarm = setTimeout(() => this.deliver(), early);
        return;
      }
      this.#pieces.shift();
      if (!this.#to.destroyed) this.#to.write(piece.bytes);
    }
  }
}
