import { ClientCounts } from "./client-counts.ts";
import type { OpenConnection } from "./connections.ts";

// A client on a slow link needs a second or two. One that takes longer holds the connection on purpose.
export const HANDSHAKE_MS = 10_000;

// Each holds about 75 KiB. An honest one ends within a few round trips, so a busy port has some dozens.
const MOST_HANDSHAKES = 1_000;

/**
 * The TLS handshakes under way, bounded in number. When there are too many, the oldest of the client that has the most is
 * given up, so that a client which begins thousands and ends none keeps out nobody but itself.
 */
export class Handshakes {
  readonly #most: number;
  /** By client, in the order in which they came. */
  readonly #ofClient = new Map<string, Set<OpenConnection>>();
  readonly #counts = new ClientCounts();
  readonly #limited: (client: string) => void;
  #size = 0;

  constructor(limited: (client: string) => void, most = MOST_HANDSHAKES) {
    this.#limited = limited;
    this.#most = most;
  }

  get size(): number {
    return this.#size;
  }

  add(handshake: OpenConnection): void {
    const { client } = handshake.peer;
    const own = this.#ofClient.get(client) ?? new Set();
    this.#ofClient.set(client, own.add(handshake));
    this.#counts.add(client);
    this.#size += 1;
    if (this.#size > this.#most) this.#giveUpOne();
  }

  delete(handshake: OpenConnection): void {
    const { client } = handshake.peer;
    const own = this.#ofClient.get(client);
    if (own?.delete(handshake) !== true) return;
    if (own.size === 0) this.#ofClient.delete(client);
    this.#counts.remove(client);
    this.#size -= 1;
  }

  #giveUpOne(): void {
    const { largest } = this.#counts;
    if (largest === undefined) return;
    for (const oldest of this.#ofClient.get(largest) ?? []) {
      this.#limited(largest);
      this.delete(oldest);
      oldest.destroy();
      return;
    }
  }
}
