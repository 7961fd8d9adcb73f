import type { ClientConnection } from "./client-connection.ts";
import type { Exchange } from "./exchange.ts";

/** The clients' connections, bounded, and how many requests are under way on them. */
export class Connections {
  readonly #most: number;
  readonly #all = new Set<ClientConnection>();
  #inFlight = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Requests under way on all of them. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** When there are too many, the one that has been idle longest makes room; when all are busy, this one goes. */
  add(connection: ClientConnection): void {
    this.#all.add(connection);
    if (this.#all.size > this.#most) (this.#longestIdle() ?? connection).socket.destroy();
  }

  delete(connection: ClientConnection): void {
    this.#all.delete(connection);
  }

  begin(): void {
    this.#inFlight += 1;
  }

  end(): void {
    this.#inFlight -= 1;
  }

  /** No connection takes another request; those on which nothing is under way close. */
  stop(): void {
    for (const connection of this.#all) connection.stop();
  }

  checkTimes(now: number): void {
    for (const connection of this.#all) connection.checkTime(now);
  }

  *exchanges(): Iterable<Exchange> {
    for (const { exchange } of this.#all) if (exchange !== undefined) yield exchange;
  }

  destroyAll(): void {
    for (const { socket } of this.#all) socket.destroy();
  }

  #longestIdle(): ClientConnection | undefined {
    let longest: ClientConnection | undefined;
    let since = Number.POSITIVE_INFINITY;
    for (const connection of this.#all) {
      const { idleSince = Number.POSITIVE_INFINITY, socket } = connection;
      if (socket.destroyed || idleSince >= since) continue;
      longest = connection;
      since = idleSince;
    }
    return longest;
  }
}
