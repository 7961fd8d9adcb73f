import type { Socket } from "node:net";
import type { Exchange } from "./exchange.ts";

/** The clients' connections and what is under way on each, the one that has been idle longest first. */
export class Connections {
  readonly #most: number;
  readonly #exchanges = new Map<Socket, Set<Exchange>>();
  #inFlight = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Requests under way on all of them. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** When there are too many, the one that has been idle longest makes room; when all are busy, this one goes. */
  add(socket: Socket): void {
    this.#exchanges.set(socket, new Set());
    socket.once("close", () => this.#remove(socket));
    if (this.#exchanges.size <= this.#most) return;
    for (const [longestIdle, exchanges] of this.#exchanges) {
      if (exchanges.size > 0) continue;
      longestIdle.destroy();
      return;
    }
  }

  begin(exchange: Exchange): void {
    const exchanges = this.#exchanges.get(exchange.request.socket);
    if (exchanges === undefined) {
      exchange.clientLeft();
      return;
    }
    exchanges.add(exchange);
    this.#inFlight += 1;
  }

  end(exchange: Exchange): void {
    const { socket } = exchange.request;
    const exchanges = this.#exchanges.get(socket);
    if (exchanges?.delete(exchange) !== true) return;
    this.#inFlight -= 1;
    if (exchanges.size > 0) return;
    this.#exchanges.delete(socket);
    this.#exchanges.set(socket, exchanges);
  }

  /** What is under way on one connection, in the order of the requests. */
  on(socket: Socket): readonly Exchange[] {
    return [...(this.#exchanges.get(socket) ?? [])];
  }

  /** Closes every connection on which nothing is under way, those that never sent anything among them. */
  closeIdle(): void {
    for (const [socket, exchanges] of this.#exchanges) {
      if (exchanges.size === 0) socket.destroy();
    }
  }

  *all(): Iterable<Exchange> {
    for (const exchanges of this.#exchanges.values()) yield* exchanges;
  }

  #remove(socket: Socket): void {
    for (const exchange of this.on(socket)) {
      exchange.clientLeft();
      this.end(exchange);
    }
    this.#exchanges.delete(socket);
  }
}
