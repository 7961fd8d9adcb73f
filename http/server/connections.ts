import { type Place, Roster } from "../../process/roster.ts";
import { ClientCounts } from "./client-counts.ts";
import { NO_OTHERS, type OtherThreads } from "./client-tables.ts";
import type { Peer } from "./peer.ts";
import { openTo } from "./reserve.ts";
import type { ClientProtocol, OpenByProtocol } from "./server-load.ts";

/** A client's connection, as far as the count of them needs it. */
export interface OpenConnection {
  /** A trusted proxy has connections for many clients. */
  readonly peer: Pick<Peer, "client" | "trusted">;
  /** Default: none. */
  readonly protocol?: ClientProtocol;
  /** Whether a request is under way on it whose body is still arriving. */
  readonly receives: boolean;
  /** Kept by Connections: where it stands among those that may be closed for another one. undefined: nowhere. */
  place: Place<OpenConnection> | undefined;
  checkTime(now: number): void;
  /** Takes no further request. An answer under way ends first. */
  stop(): void;
  /** Ends at once, and cuts off a request under way. */
  destroy(): void;
}

export interface ConnectionLimits {
  /** Open at the same time. */
  readonly connections: number;
  /** Of one client at the same time. A trusted proxy has no such limit. */
  readonly clientConnections: number;
}

/** The decision about a new connection. */
export type Admission =
  | "take"
  /** The connection is accepted if another one can be closed for it. */
  | "make-room"
  /** Its client has as many as it may have. */
  | "refuse";

/** `open`: all that are open. `own`: those of the same client. */
export function admission(
  { open, own, ofProxy }: { readonly open: number; readonly own: number; readonly ofProxy: boolean },
  { connections, clientConnections }: ConnectionLimits,
): Admission {
  if (!ofProxy && own >= clientConnections) return "refuse";
  return open < (ofProxy ? connections : openTo(own, connections)) ? "take" : "make-room";
}

/**
 * The clients' connections, bounded in number. When there are too many, one of them is closed for the new one. It is the
 * first that is found in this order:
 * 1. one that never asked for anything, or has had its last answer;
 * 2. one that was answered and may ask again, the longest idle first;
 * 3. one of the client that has the most, on which the body of a request is still arriving. A request that has arrived
 *    whole is never given up for another one.
 * When there is none, the new one goes.
 *
 * Several threads that serve a port are bounded together. A thread that has none of the first two kinds asks the others to
 * close some, so that it has room a moment later.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  /** A connection was not taken, or was given up for another one. */
  readonly #refused: (client: string) => void;
  /** In the order in which they came. */
  readonly #all = new Set<OpenConnection>();
  readonly #ofClient = new Map<string, Set<OpenConnection>>();
  readonly #counts: ClientCounts;
  readonly #others: OtherThreads;
  /** Connections that never sent a request, or have had their last answer. */
  readonly #useless = new Roster<OpenConnection>();
  /** Idle connections: answered, and open for another request. */
  readonly #idle = new Roster<OpenConnection>();
  readonly #open: Record<ClientProtocol, number> = { "HTTP/1.1": 0, "HTTP/2": 0, none: 0 };
  #windingDown = false;

  constructor(
    limits: ConnectionLimits,
    refused: (client: string) => void = () => undefined,
    others: OtherThreads = NO_OTHERS,
  ) {
    this.#limits = limits;
    this.#refused = refused;
    this.#others = others;
    this.#counts = new ClientCounts(others);
  }

  /** How many are open. */
  get open(): OpenByProtocol {
    return this.#open;
  }

  /** Whether each answer is to be the last of its connection. */
  get windingDown(): boolean {
    return this.#windingDown;
  }

  add(connection: OpenConnection): void {
    const { client, trusted: ofProxy } = connection.peer;
    // Counted first: of two threads that take the last place at once, one at least sees the other.
    this.#counts.add(client);
    const own = this.#counts.of(client) - 1;
    switch (admission({ open: this.#counts.all - 1, own, ofProxy }, this.#limits)) {
      case "take":
        this.#take(connection);
        break;
      case "make-room":
        if (this.#makeRoom(client, own)) this.#take(connection);
        else this.#refuse(connection);
        break;
      case "refuse":
        this.#refuse(connection);
    }
  }

  delete(connection: OpenConnection): void {
    if (!this.#all.delete(connection)) return;
    this.#open[connection.protocol ?? "none"] -= 1;
    this.busy(connection);
    const { client } = connection.peer;
    this.#counts.remove(client);
    const others = this.#ofClient.get(client);
    others?.delete(connection);
    if (others?.size === 0) this.#ofClient.delete(client);
  }

  /** A request is under way on it. */
  busy(connection: OpenConnection): void {
    connection.place?.leave();
    connection.place = undefined;
  }

  /** A request came and has been answered at once. */
  answered(connection: OpenConnection): void {
    const { place } = connection;
    if (place?.roster === this.#idle) this.#idle.renew(place);
    else this.idle(connection);
  }

  /** The connection waits for another request. */
  idle(connection: OpenConnection): void {
    this.#stand(connection, this.#idle);
  }

  /** The connection has had its last answer. */
  useless(connection: OpenConnection): void {
    this.#stand(connection, this.#useless);
  }

  #stand(connection: OpenConnection, roster: Roster<OpenConnection>): void {
    this.busy(connection);
    if (this.#all.has(connection)) connection.place = roster.add(connection);
  }

  windDown(): void {
    this.#windingDown = true;
  }

  /** No connection takes another request; those on which nothing is under way close. */
  stop(): void {
    this.#windingDown = true;
    for (const connection of this.#all) connection.stop();
  }

  checkTimes(now: number): void {
    for (let wishes = this.#others.wishes(); wishes > 0; wishes -= 1) {
      const unused = this.#unused();
      if (unused === undefined) break;
      this.#giveUp(unused);
    }
    for (const connection of this.#all) connection.checkTime(now);
  }

  destroyAll(): void {
    for (const connection of this.#all) connection.destroy();
  }

  #take(connection: OpenConnection): void {
    const { client } = connection.peer;
    this.#all.add(connection);
    this.#open[connection.protocol ?? "none"] += 1;
    connection.place = this.#useless.add(connection);
    const own = this.#ofClient.get(client) ?? new Set();
    this.#ofClient.set(client, own.add(connection));
  }

  /** An answer would need its request to be read, which is what it costs. */
  #refuse(connection: OpenConnection): void {
    this.#counts.remove(connection.peer.client);
    this.#refused(connection.peer.client);
    connection.destroy();
  }

  /** For a client that has `own` connections. Returns whether there is room now. */
  #makeRoom(client: string, own: number): boolean {
    const unused = this.#unused();
    if (unused === undefined) this.#others.wish();
    const leaves = unused ?? this.#receivingOfLargest(client, own);
    if (leaves === undefined) return false;
    if (unused === undefined) this.#refused(leaves.peer.client);
    this.#giveUp(leaves);
    return true;
  }

  #unused(): OpenConnection | undefined {
    return (this.#useless.first ?? this.#idle.first)?.member;
  }

  #giveUp(connection: OpenConnection): void {
    this.delete(connection);
    connection.destroy();
  }

  #receivingOfLargest(client: string, own: number): OpenConnection | undefined {
    const { largest } = this.#counts;
    // A client does not lose a connection to another client that has as many.
    if (largest === undefined || largest === client || this.#counts.of(largest) <= own + 1) return undefined;
    for (const connection of this.#ofClient.get(largest) ?? []) if (connection.receives) return connection;
    return undefined;
  }
}
