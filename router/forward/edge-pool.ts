import type { ClientConnection, ConnectionUser } from "../../http/client/client-connection.ts";
import { ConnectionPool } from "../../http/client/connection-pool.ts";
import { EDGE_FIELD_LIMITS } from "../../http/message/response-head.ts";
import { parseAddress } from "../../process/address.ts";
import { ResponseLines } from "./response-head-out.ts";

/** A request under way at an edge. */
export interface EdgeUser extends ConnectionUser {
  /** The edge has stopped answering Pings. The connection itself has not failed. */
  edgeDied(why: string): void;
}

// A lost SYN is retransmitted after 1 s. By then the next edge is the better choice.
const CONNECT_MS = 1000;

/** The keep-alive connections to one edge's data port. */
export class EdgePool {
  readonly address: string;
  readonly #pool: ConnectionPool<EdgeUser>;
  readonly #lines = new WeakMap<ClientConnection<EdgeUser>, ResponseLines>();

  /** Throws if `address` is not host:port. */
  constructor(address: string) {
    const to = parseAddress(address);
    if (to === undefined) throw new Error(`an edge's address must be host:port, got ${address}`);
    this.address = address;
    this.#pool = new ConnectionPool({ ...to, connectMs: CONNECT_MS, limits: EDGE_FIELD_LIMITS });
  }

  /** A connection for one request: an idle one, or a new one if there is none or it must be `fresh`. */
  take(user: EdgeUser, now: number, fresh: boolean): ClientConnection<EdgeUser> {
    return this.#pool.take(user, now, fresh);
  }

  /** The field lines for clients of the responses on this connection. */
  linesOf(connection: ClientConnection<EdgeUser>): ResponseLines {
    const known = this.#lines.get(connection);
    if (known !== undefined) return known;
    const lines = new ResponseLines();
    this.#lines.set(connection, lines);
    return lines;
  }

  /** Obeys the edge's Keep-Alive hint. `raw`: the fields of a response. */
  learn(raw: readonly string[]): void {
    this.#pool.learn(raw);
  }

  /** Closes connections that have been idle for too long. */
  sweep(now: number): void {
    this.#pool.sweep(now);
  }

  /** Call it when the edge has stopped answering Pings. */
  edgeDied(why: string): void {
    this.#pool.dropIdle();
    this.#pool.tellAll((user) => user.edgeDied(why));
  }

  /** Closes the pool. Requests in flight finish first. */
  close(): void {
    this.#pool.close();
  }
}
