import type { CarrierPool } from "./carrier.ts";
import { ClientConnection, type ConnectionOwner, type ConnectionUser } from "./client-connection.ts";
import type { Server } from "./server-socket.ts";

// For a server without a Keep-Alive hint: below the 5 s after which most servers close an idle connection.
const KEEP_MS = 4000;

// One second less than the hint, because a request is lost if the server closes while it is on its way.
const MARGIN_MS = 1000;

// Servers keep a connection for about a minute. After that, firewalls may have forgotten it.
const MOST_KEEP_MS = 60_000;

const KEEP_ALIVE_TIMEOUT = /(?:^|[\s,])timeout=(\d{1,9})(?:$|[\s,;])/i;

// More than a busy program uses at a time. Each one is a file descriptor here and at the server.
const MOST_IDLE = 256;

/**
 * The keep-alive connections to one server. The last used one is reused first, so that the others expire. Users that
 * take one get it at once; users that queue wait while `most` are open.
 */
export class ConnectionPool<U extends ConnectionUser> implements ConnectionOwner<U>, CarrierPool<U> {
  /** Each that waits for a connection to be made has it already. */
  readonly connecting = false;
  readonly #to: Server;
  readonly #most: number;
  readonly #all = new Set<ClientConnection<U>>();
  readonly #idle: ClientConnection<U>[] = [];
  readonly #waiting = new Map<U, (connection: ClientConnection<U>) => void>();
  #keepMs = KEEP_MS;
  #closed = false;
  readonly #emptied = Promise.withResolvers<void>();

  constructor(to: Server, most = Number.POSITIVE_INFINITY) {
    this.#to = to;
    this.#most = most;
  }

  /** A connection for one request: an idle one, or a new one if there is none or it must be `fresh`. */
  take(user: U, now: number, fresh: boolean): ClientConnection<U> {
    return (fresh ? undefined : this.#takeIdle(user, now)) ?? this.#open(user);
  }

  /** How many are open. */
  get size(): number {
    return this.#all.size;
  }

  /** Of these, how many carry no request. */
  get idle(): number {
    return this.#idle.length;
  }

  /** How many users wait for one. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** All that have a connection or wait for one. */
  get users(): readonly U[] {
    const served = [...this.#all].flatMap(({ user }) => user ?? []);
    return [...served, ...this.#waiting.keys()];
  }

  /**
   * Calls `given` with a connection as soon as there is one: one that is ready, or will call `connected`. `fresh`: one
   * that has carried no request before.
   */
  queue(
    user: U,
    now: number,
    which: "any" | "fresh",
    given: (connection: ClientConnection<U>) => void,
  ): void {
    if (which === "fresh" && this.#all.size >= this.#most) this.#idle.shift()?.destroy();
    const kept = which === "fresh" ? undefined : this.#takeIdle(user, now);
    if (kept !== undefined) given(kept);
    else if (this.#all.size < this.#most) given(this.#open(user));
    else this.#waiting.set(user, given);
  }

  /** The user no longer waits. */
  withdraw(user: U): void {
    this.#waiting.delete(user);
  }

  /** Obeys the server's Keep-Alive hint. `raw`: the fields of a response. */
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

  /** Closes all connections that carry no request. */
  dropIdle(): void {
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  /** Calls each user that has a connection. */
  tellAll(act: (user: U) => void): void {
    for (const connection of [...this.#all]) connection.tell(act);
  }

  /** Closes the pool. Requests in flight, and those that wait, finish first. Resolves when they have. */
  close(): Promise<void> {
    this.#closed = true;
    this.dropIdle();
    if (this.#all.size === 0) this.#emptied.resolve();
    return this.#emptied.promise;
  }

  keep(connection: ClientConnection<U>, now: number): void {
    const next = this.#nextWaiting();
    if (next !== undefined) {
      const [user, given] = next;
      connection.use(user);
      connection.tell(() => given(connection));
    } else if (this.#closed || this.#idle.length >= MOST_IDLE) connection.destroy();
    else {
      connection.idleSince = now;
      this.#idle.push(connection);
    }
  }

  forget(connection: ClientConnection<U>): void {
    if (!this.#all.delete(connection)) return;
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    if (this.#all.size >= this.#most) return;
    const next = this.#nextWaiting();
    if (next === undefined) {
      if (this.#closed && this.#all.size === 0) this.#emptied.resolve();
      return;
    }
    const [user, given] = next;
    given(this.#open(user));
  }

  #takeIdle(user: U, now: number): ClientConnection<U> | undefined {
    const kept = this.#idle.pop();
    if (kept === undefined) return undefined;
    if (now - kept.idleSince > this.#keepMs) {
      // The last used one is too old, so the others are too.
      kept.destroy();
      this.dropIdle();
      return undefined;
    }
    kept.use(user);
    return kept;
  }

  #open(user: U): ClientConnection<U> {
    const opened = new ClientConnection<U>(this.#to, this, user);
    this.#all.add(opened);
    return opened;
  }

  #nextWaiting(): [U, (connection: ClientConnection<U>) => void] | undefined {
    const [next] = this.#waiting;
    if (next !== undefined) this.#waiting.delete(next[0]);
    return next;
  }
}
