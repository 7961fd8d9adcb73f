/** How many of something each client has. A client that has none takes no room. */
export class ClientCounts {
  readonly #counts = new Map<string, number>();
  /** By count, the clients that have so many. */
  readonly #clients = new Map<number, Set<string>>();
  #most = 0;

  of(client: string): number {
    return this.#counts.get(client) ?? 0;
  }

  /** A client with the highest count; undefined when every count is zero. */
  get largest(): string | undefined {
    const clients = this.#clients.get(this.#most);
    for (const client of clients ?? []) return client;
    return undefined;
  }

  add(client: string): void {
    this.#move(client, this.of(client) + 1);
  }

  remove(client: string): void {
    const count = this.of(client);
    if (count > 0) this.#move(client, count - 1);
  }

  #move(client: string, count: number): void {
    const before = this.of(client);
    const had = this.#clients.get(before);
    had?.delete(client);
    if (had?.size === 0) this.#clients.delete(before);
    if (count === 0) this.#counts.delete(client);
    else {
      this.#counts.set(client, count);
      const have = this.#clients.get(count) ?? new Set();
      this.#clients.set(count, have.add(client));
    }
    // A count changes by one at a time, so the most does too.
    if (count > this.#most) this.#most = count;
    else if (!this.#clients.has(this.#most)) this.#most = count;
  }
}
