import type { Carrier, CarrierPool } from "../../client/carrier.ts";
import type { ConnectionUser } from "../../client/client-connection.ts";
import { ConnectionPool } from "../../client/connection-pool.ts";
import type { Server } from "../../client/server-socket.ts";
import { StreamPool } from "./stream-pool.ts";

// A server that learns HTTP/2 is found out after so long. Each time that it is asked costs one connection.
const REMEMBERED_MS = 5 * 60_000;

/** The same server, which is offered HTTP/2 as well. */
export function offered(to: Server): Server {
  return { ...to, protocols: ["h2", "http/1.1"] };
}

/**
 * The connections to a server with which HTTP/2 is agreed on when it speaks it (RFC 7301), else HTTP/1.1. Without TLS it is
 * known to speak HTTP/2 (RFC 9113 section 3.3).
 */
export class AgreedPool<U extends ConnectionUser> implements CarrierPool<U> {
  readonly #streams: StreamPool<U>;
  readonly #plain: ConnectionPool<U>;
  readonly #now: () => number;
  /** Until when the server is not asked again, in monotonic milliseconds. */
  #plainUntil = Number.NEGATIVE_INFINITY;

  /** `most`: requests at a time. `now`: monotonic milliseconds. */
  constructor(to: Server, most: number, now: () => number) {
    this.#now = now;
    this.#streams = new StreamPool({
      to: offered(to),
      most,
      now,
      declined: () => this.#declined(),
    });
    this.#plain = new ConnectionPool(to, most);
  }

  get size(): number {
    return this.#streams.size + this.#plain.size;
  }

  get idle(): number {
    return this.#streams.idle + this.#plain.idle;
  }

  get waiting(): number {
    return this.#streams.waiting + this.#plain.waiting;
  }

  get connecting(): boolean {
    return this.#streams.connecting;
  }

  get users(): readonly U[] {
    return [...this.#streams.users, ...this.#plain.users];
  }

  queue(user: U, now: number, which: "any" | "fresh", given: (carrier: Carrier) => void): void {
    const pool = now < this.#plainUntil ? this.#plain : this.#streams;
    pool.queue(user, now, which, given);
  }

  withdraw(user: U): void {
    this.#streams.withdraw(user);
    this.#plain.withdraw(user);
  }

  learn(raw: readonly string[]): void {
    this.#plain.learn(raw);
  }

  sweep(now: number): void {
    this.#streams.sweep(now);
    this.#plain.sweep(now);
  }

  async close(): Promise<void> {
    await this.#streams.close();
    await this.#plain.close();
  }

  #declined(): void {
    const now = this.#now();
    this.#plainUntil = now + REMEMBERED_MS;
    for (const [user, given] of this.#streams.takeWaiting()) this.#plain.queue(user, now, "any", given);
  }
}
