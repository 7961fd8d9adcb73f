import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../../process/clock.ts";
import { Connection, type Exchange } from "./connection.ts";

/** The open connections of the data port, bounded in number: those that are idle make room for new ones. */
export class Connections {
  readonly #most: number;
  readonly #clock: Clock;
  readonly #open = new Map<Duplex, Connection>();
  /** Those on which nothing is being answered, the one that waits for longest first. */
  readonly #idle = new Set<Connection>();
  #windingDown = false;
  #draining = false;

  constructor(most: number, clock: Clock) {
    this.#most = most;
    this.#clock = clock;
  }

  /** Whether each answer is to be the last of its connection. */
  get windingDown(): boolean {
    return this.#windingDown;
  }

  /** Takes a new connection. When there are too many, the longest idle one is closed; when all are busy, this one. */
  add(socket: Socket): void {
    const connection = new Connection(socket, this.#clock);
    this.#open.set(socket, connection);
    this.#idle.add(connection);
    socket.once("close", () => {
      this.#open.delete(socket);
      this.#idle.delete(connection);
    });
    if (this.#open.size <= this.#most) return;
    for (const longestIdle of this.#idle) {
      this.#idle.delete(longestIdle);
      longestIdle.close();
      return;
    }
  }

  /** undefined once it has closed. */
  of(socket: Duplex): Connection | undefined {
    return this.#open.get(socket);
  }

  /** `answer` as in Connection. */
  async take(
    connection: Connection,
    exchange: Exchange,
    answer: (turn: Promise<void>) => Promise<void>,
  ): Promise<void> {
    this.#idle.delete(connection);
    await connection.take(exchange, answer);
    if (!connection.idle || exchange.message.socket.destroyed) return;
    if (this.#draining) connection.close();
    else this.#idle.add(connection);
  }

  /** From now on each connection ends with its next answer; those that are idle wait for it. */
  windDown(): void {
    this.#windingDown = true;
  }

  /** Closes those that are idle now, and each other one when it becomes so. */
  drain(): void {
    this.#windingDown = true;
    this.#draining = true;
    for (const connection of this.#idle) connection.close();
  }

  closeAll(): void {
    for (const connection of this.#open.values()) connection.close();
  }
}
