import { createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../../process/clock.ts";
import { describeError } from "../../process/failure.ts";
import { listen } from "../../process/listen.ts";
import type { Log } from "../../process/log.ts";

/** What callers may hold of the control port. */
export interface ControlPortLimits {
  /** Open at the same time. */
  readonly connections: number;
  /** Of them, from one address. */
  readonly perAddress: number;
  /** For the first byte to arrive, in milliseconds. */
  readonly silentMs: number;
}

// A fleet has some hundred routers, edges and terminals, and each keeps one connection. Descriptors stay for clients.
export const CONTROL_PORT_LIMITS: ControlPortLimits = {
  connections: 512,
  perAddress: 64,
  // A gRPC client speaks first, as soon as it is connected.
  silentMs: 10_000,
};

/** Accepts the connections of callers within limits, and hands each on once it has said something. */
export class ControlPort {
  readonly #server: Server;
  readonly #limits: ControlPortLimits;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #sockets = new Set<Socket>();
  /** Connections by address. */
  readonly #held = new Map<string, number>();

  constructor(
    parts: { readonly clock: Clock; readonly log: Log },
    take: (socket: Socket) => void,
    limits = CONTROL_PORT_LIMITS,
  ) {
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#limits = limits;
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket, take));
  }

  /** Resolves with the bound port. Throws a Failure. */
  async open(host: string, port: number, what: string): Promise<number> {
    const bound = await listen(this.#server, host, port, what);
    // Such as too many open files when a connection is accepted: the next one may be luckier.
    this.#server.on("error", (cause) =>
      this.#log.error({ cause: describeError(cause) }, "control port cannot accept a connection"),
    );
    return bound;
  }

  /** Takes no more connections. Resolves when those that are open have ended. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  /** Ends the connections that are open, whatever goes on there. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: Socket, take: (socket: Socket) => void): void {
    const address = socket.remoteAddress ?? "";
    const held = this.#held.get(address) ?? 0;
    if (this.#sockets.size >= this.#limits.connections || held >= this.#limits.perAddress) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    this.#held.set(address, held + 1);
    socket.once("close", () => this.#closed(socket, address));
    this.#awaitFirstByte(socket);
    take(socket);
  }

  #awaitFirstByte(socket: Socket): void {
    const over = new AbortController();
    socket.once("close", () => over.abort());
    this.#clock.wait(this.#limits.silentMs, over.signal).then(
      () => {
        if (socket.bytesRead === 0) socket.destroy();
      },
      () => undefined,
    );
  }

  #closed(socket: Socket, address: string): void {
    this.#sockets.delete(socket);
    const left = (this.#held.get(address) ?? 1) - 1;
    if (left === 0) this.#held.delete(address);
    else this.#held.set(address, left);
  }
}
