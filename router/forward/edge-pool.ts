import { type Address, parseAddress } from "../../process/address.ts";
import { type ConnectionPool, type ConnectionUser, EdgeConnection } from "./edge-connection.ts";

// Below the 5 s after which most servers close an idle connection, for an edge that gives no hint.
const KEEP_MS = 4000;

// A hint is obeyed with a second to spare: a request that is on its way when the edge closes is lost work.
const MARGIN_MS = 1000;

// Edges keep their side for a minute or so; longer than that, firewalls in between may have forgotten it.
const MOST_KEEP_MS = 60_000;

const KEEP_ALIVE_TIMEOUT = /(?:^|[\s,])timeout=(\d{1,9})(?:$|[\s,;])/i;

// More than are used at a time by a router that is busy; each is a descriptor here and at the edge.
const MOST_IDLE = 256;

/** The keep-alive connections to one edge's HTTP data plane. The one used last is used first, so that the rest grow old. */
export class EdgePool implements ConnectionPool {
  readonly address: string;
  readonly #to: Address;
  readonly #all = new Set<EdgeConnection>();
  readonly #idle: EdgeConnection[] = [];
  #keepMs = KEEP_MS;
  #closed = false;

  /** `address`: host:port. Throws when it is none. */
  constructor(address: string) {
    const to = parseAddress(address);
    if (to === undefined) throw new Error(`an edge's address must be host:port, got ${address}`);
    this.address = address;
    this.#to = to;
  }

  /** How many connections are kept and unused. */
  get idle(): number {
    return this.#idle.length;
  }

  /** A connection for one request: one that is kept, else, or when it must be `fresh`, a new one. */
  take(user: ConnectionUser, now: number, fresh: boolean): EdgeConnection {
    const kept = fresh ? undefined : this.#idle.pop();
    if (kept === undefined) {
      const opened = new EdgeConnection(this.#to, this, user);
      this.#all.add(opened);
      return opened;
    }
    if (now - kept.idleSince > this.#keepMs) {
      // The one used last is too old: so are the others.
      kept.destroy();
      this.sweep(now);
      return this.take(user, now, true);
    }
    kept.use(user);
    return kept;
  }

  /** Obeys what the edge says of how long it keeps idle connections. `raw`: the fields of an answer. */
  learn(raw: readonly string[]): void {
    for (let i = 0; i + 1 < raw.length; i += 2) {
      if (raw[i]?.toLowerCase() !== "keep-alive") continue;
      const seconds = Number(KEEP_ALIVE_TIMEOUT.exec(raw[i + 1] ?? "")?.[1] ?? Number.NaN);
      if (seconds >= 0) this.#keepMs = Math.min(MOST_KEEP_MS, Math.max(0, seconds * 1000 - MARGIN_MS));
    }
  }

  /** Closes what has been idle for too long. */
  sweep(now: number): void {
    const old = this.#idle.findLastIndex(({ idleSince }) => now - idleSince > this.#keepMs);
    for (const connection of this.#idle.splice(0, old + 1)) connection.destroy();
  }

  /** The edge has stopped answering Pings. */
  edgeDied(why: string): void {
    for (const connection of this.#idle.splice(0)) connection.destroy();
    for (const connection of [...this.#all]) connection.edgeDied(why);
  }

  /** Requests under way finish first. */
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
