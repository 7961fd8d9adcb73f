import type { RefusedRequest } from "../message/refusal.ts";
import type { RequestFields } from "../message/request-fields.ts";
import { ClientCounts } from "./client-counts.ts";
import type { OtherThreads } from "./client-tables.ts";
import type { Peer } from "./peer.ts";
import type { TrustedProxies } from "./trusted-proxies.ts";

/** RFC 6585 section 4. */
export const TOO_MANY_REQUESTS: RefusedRequest = {
  status: 429,
  detail: "client-requests",
  message: "too many requests of this client are under way",
};

// A network has fewer proxies. Clients, too, can send X-Forwarded-For.
const MOST_FORWARDERS = 100;

/** The requests under way of each client, as it is seen through trusted proxies. */
export class ClientRequests {
  readonly #counts: ClientCounts;
  /** Clients that are no trusted proxies, and have sent X-Forwarded-For. */
  readonly #forwarders = new Set<string>();
  readonly #proxies: TrustedProxies;
  readonly #most: number;
  readonly #refused: (client: string) => void;

  /** `refused`: a client has as many as it may have. */
  constructor(
    proxies: TrustedProxies,
    most: number,
    refused: (client: string) => void,
    others?: OtherThreads,
  ) {
    this.#counts = new ClientCounts(others);
    this.#proxies = proxies;
    this.#most = most;
    this.#refused = refused;
  }

  /** The client of the request. */
  clientOf(peer: Peer, { section }: Pick<RequestFields, "section">): string {
    const forwardedFor = section.get("X-Forwarded-For");
    if (peer.trusted) return this.#proxies.requester(peer.address, forwardedFor);
    if (forwardedFor !== undefined && this.#forwarders.size < MOST_FORWARDERS)
      this.#forwarders.add(peer.client);
    return peer.client;
  }

  /** Whether the client seems to be a proxy that is not trusted, so that it counts for all clients behind it. */
  forwards(client: string): boolean {
    return this.#forwarders.has(client);
  }

  /** Counts a request; false when the client has as many as it may have. */
  begin(client: string): boolean {
    // Counted first: of two threads that take the last place at once, one at least sees the other.
    this.#counts.add(client);
    if (this.#counts.of(client) <= this.#most) return true;
    this.#counts.remove(client);
    this.#refused(client);
    return false;
  }

  end(client: string): void {
    this.#counts.remove(client);
  }
}
