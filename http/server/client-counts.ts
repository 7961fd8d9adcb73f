import { NO_OTHERS, type OtherThreads } from "./client-tables.ts";

/** How many of something each client has. A client that has none takes no room. */
export class ClientCounts {
  readonly #others: OtherThreads;
  readonly #counts = new Map<string, number>();
  /** At a count, the clients that have so many. A list, and no map: with each request two counts change. */
  readonly #clients: (Set<string> | undefined)[] = [];
  #most = 0;
  #all = 0;

  constructor(others: OtherThreads = NO_OTHERS) {
    this.#others = others;
  }

  /** At all threads. */
  of(client: string): number {
    return this.#own(client) + this.#others.of(client);
  }

  /** Of all clients, at all threads. */
  get all(): number {
    return this.#all + this.#others.all;
  }

  /** A client with the highest count at this thread; undefined when every count is zero. */
  get largest(): string | undefined {
    const clients = this.#clients[this.#most];
    for (const client of clients ?? []) return client;
    return undefined;
  }

  add(client: string): void {
    this.#move(client, this.#own(client) + 1);
    this.#all += 1;
    this.#others.note(client, 1);
  }

  remove(client: string): void {
    const count = this.#own(client);
    if (count === 0) return;
    this.#move(client, count - 1);
    this.#all -= 1;
    this.#others.note(client, -1);
  }

  #own(client: string): number {
    return this.#counts.get(client) ?? 0;
  }

  #move(client: string, count: number): void {
    const before = this.#own(client);
    const had = this.#clients[before];
    const have = this.#clients[count];
    if (count === 0) this.#counts.delete(client);
    else this.#counts.set(client, count);
    if (had?.size === 1 && have === undefined && count > 0) {
      // It was alone, and still is.
      this.#clients[count] = had;
      this.#clients[before] = undefined;
    } else {
      had?.delete(client);
      if (had?.size === 0) this.#clients[before] = undefined;
      if (count > 0) this.#clients[count] = (have ?? new Set()).add(client);
    }
    // A count changes by one at a time, so the most does too.
    if (count > this.#most) this.#most = count;
    else if (this.#clients[this.#most] === undefined) this.#most = count;
  }
}
