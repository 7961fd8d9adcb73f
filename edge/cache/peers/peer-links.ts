import type { Clock } from "../../../process/clock.ts";
import { UpstreamOrigin } from "../../origin/upstream.ts";
import type { LivePeer } from "./peer-choice.ts";
import type { PeerTransport } from "./peers.ts";

// In one region a connection takes a few milliseconds.
const CONNECT_MS = 1_000;

/** The connections of one edge to the data ports of others. */
export class PeerLinks {
  readonly #via: string;
  readonly #clock: Clock;
  readonly #links = new Map<string, UpstreamOrigin>();

  /** `via`: the id of this edge. */
  constructor(via: string, clock: Clock) {
    this.#via = via;
    this.#clock = clock;
  }

  readonly send: PeerTransport = (peer, request, signal) => this.#link(peer).fetch(request, signal);

  /** Requests under way at others end as they began. */
  keepOnly(peers: readonly LivePeer[]): void {
    const addresses = new Set(peers.map(({ address }) => address));
    for (const [address, link] of this.#links) {
      if (addresses.has(address)) continue;
      this.#links.delete(address);
      void link.retire();
    }
  }

  #link({ address }: LivePeer): UpstreamOrigin {
    const known = this.#links.get(address);
    if (known !== undefined) return known;
    const base = new URL(`http://${address}`);
    const link = new UpstreamOrigin({
      base,
      via: this.#via,
      clock: this.#clock,
      connectTimeoutMs: CONNECT_MS,
    });
    this.#links.set(address, link);
    return link;
  }
}
