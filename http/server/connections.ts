/** A client's connection, as far as the count of them needs it. */
export interface OpenConnection {
  checkTime(now: number): void;
  /** Takes no further request. An answer under way ends first. */
  stop(): void;
  /** Ends at once, with what is under way. */
  destroy(): void;
}

/**
 * The clients' connections, bounded in number. When there are too many, one on which nothing is under way makes
 * room: first those that never asked for anything, then those that were answered, the longest idle first. When all
 * are busy, the new one goes.
 */
export class Connections {
  readonly #most: number;
  readonly #all = new Set<OpenConnection>();
  /** They never asked, or have had their last answer. */
  readonly #useless = new Set<OpenConnection>();
  /** They have been answered and may ask again. */
  readonly #idle = new Set<OpenConnection>();
  #windingDown = false;

  constructor(most: number) {
    this.#most = most;
  }

  /** Whether each answer is to be the last of its connection. */
  get windingDown(): boolean {
    return this.#windingDown;
  }

  add(connection: OpenConnection): void {
    if (this.#all.size >= this.#most) {
      const leaves = first(this.#useless) ?? first(this.#idle);
      if (leaves === undefined) {
        connection.destroy();
        return;
      }
      this.delete(leaves);
      leaves.destroy();
    }
    this.#all.add(connection);
    this.#useless.add(connection);
  }

  delete(connection: OpenConnection): void {
    this.#all.delete(connection);
    this.#useless.delete(connection);
    this.#idle.delete(connection);
  }

  /** A request is under way on it. */
  busy(connection: OpenConnection): void {
    this.#useless.delete(connection);
    this.#idle.delete(connection);
  }

  /** A request came and has been answered at once. */
  answered(connection: OpenConnection): void {
    this.busy(connection);
    this.idle(connection);
  }

  /** It waits for another request. */
  idle(connection: OpenConnection): void {
    if (this.#all.has(connection)) this.#idle.add(connection);
  }

  /** It has had its last answer. */
  useless(connection: OpenConnection): void {
    if (this.#all.has(connection)) this.#useless.add(connection);
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
    for (const connection of this.#all) connection.checkTime(now);
  }

  destroyAll(): void {
    for (const connection of this.#all) connection.destroy();
  }
}

function first(connections: ReadonlySet<OpenConnection>): OpenConnection | undefined {
  for (const connection of connections) return connection;
  return undefined;
}
