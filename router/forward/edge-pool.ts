import { type Address, parseAddress } from "../../process/address.ts";
import { type ConnectionPool, type ConnectionUser, EdgeConnection } from "./edge-connection.ts";

// For an edge without a Keep-Alive hint: below the 5 s after which most servers close an idle connection.
const KEEP_MS = 4000;

// One second less than the hint, because a request is lost if the edge closes while it is on its way.
const MARGIN_MS = 1000;

// Edges keep a connection for about a minute. After that, firewalls may have forgotten it.
const MOST_KEEP_MS = 60_000;

const KEEP_ALIVE_TIMEOUT = /(?:^|[\s,])timeout=(\d{1,9})(?:$|[\s,;])/i;

// More than a busy router uses at a time. Each one is a file descriptor here and at the edge.
const MOST_IDLE = 256;

/** The keep-alive connections to one edge's data port. The last used one is reused first, so that the others expire. */
export class EdgePool implements ConnectionPool {
  readonly address: string;
  readonly #to: Address;
  readonly #all = new Set<EdgeConnection>();
  readonly #idle: EdgeConnection[] = [];
  #keepMs = KEEP_MS;
  #closed = false;

  /** Throws if `address` is not host:port. */
  constructor(address: string) {
    const to = parseAddress(address);
    if (to === undefined) throw new Error(`an edge's address must be host:port, got ${address}`);
    this.address = address;
    this.#to = to;
  }

  /** The number of idle connections. */
  get idle(): number {
    return this.#idle.length;
  }

  /** A connection for one request: an idle one, or a new one if there is none or it must be `fresh`. */
  take(user: ConnectionUser, now: number, fresh: boolean): EdgeConnection {
    const kept = fresh ? undefined : this.#idle.pop();
    if (kept === undefined) {
      const opened = new EdgeConnection(this.#to, this, user);
      this.#all.add(opened);
      return opened;
    }
    if (now - kept.idleSince > this.#keepMs) {
      // The last used one is too old, so the others are too.
      kept.destroy();
      this.sweep(now);
      return this.take(user, now, true);
    }
    kept.use(user);
    return kept;
  }

  /** Obeys the edge's Keep-Alive hint. `raw`: the fields of a response. */
  learn(raw: readonly string[]): void {
    for (let i = 0; i + 1 < raw.length; i += 2) {
      if (raw[i]?.toLowerCase() !== "keep-alive") continue;
      const seconds = Number(KEEP_ALIVE_TIMEOUT.exec(raw[i + 1] ?? "")?.[1] ?? Number.NaN);
      if (seconds >= 0) this.#keepMs = Math.min(MOST_KEEP_MS, Math.max(0, seconds * 1000 - MARGIN_MS));
    }
  }

  /** Closes connections that have been idle for too long. */
  sweep(now: number): void {
    const old = this.#idle.findLastIndex(({ idleSince }) => now - idleSince > this.#keepMs);
    for (const connection of this.#idle.splice(0, old + 1)) connection.destroy();
  }

  /** Call it when the edge has stopped answering Pings. */
  edgeDied(why: string): void {
    for (const connection of this.#idle.splice(0)) connection.destroy();
    for (const connection of [...this.#all]) connection.edgeDied(why);
  }

  /** Closes the pool. Requests in flight finish first. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  keep(connection: EdgeConnection, now: number): void {
    if (this.#closed || this.#idle.length >= MOST_IDLE) {
      connection.destroy();
      return;
    }
    connection.idleSince = now;
    this.#idle.push(connection);
  }

  forget(connection: EdgeConnection): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }
}
