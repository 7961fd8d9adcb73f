import { openTo } from "../../http/server/reserve.ts";

/** Why a client gets no tunnel now. The words are in Cache-Status and the logs. */
export type TunnelRefusal =
  /** The edge has as many as it carries. */
  | "edge-tunnels"
  /** All tunnels of the site are open. */
  | "site-tunnels"
  /** The client has its share of them. */
  | "client-tunnels";

export interface TunnelLimits {
  /** Open at the same time, or being opened. */
  readonly edge: number;
  readonly site: number;
  readonly client: number;
}

export const TUNNEL_LIMITS: TunnelLimits = {
  // A tunnel takes a connection of a client for hours. Two thirds of those that an edge has are left to requests.
  edge: 2_000,
  // Half of that: one site that is besieged leaves as many to the others.
  site: 1_000,
  // A quarter of a site's, as of the places at its origin: an office behind one address has room.
  client: 250,
};

/** How many tunnels are open at an edge, and for whom. */
export class Tunnels {
  readonly #limits: TunnelLimits;
  readonly #bySite = new Map<string, number>();
  readonly #byClient = new Map<string, number>();
  #open = 0;

  constructor(limits: TunnelLimits = TUNNEL_LIMITS) {
    this.#limits = limits;
  }

  get open(): number {
    return this.#open;
  }

  /** Counts one more. What is returned is to be called when it ends; it counts once. */
  take(site: string, client: string): TunnelRefusal | (() => void) {
    const own = this.#byClient.get(client) ?? 0;
    const limits = this.#limits;
    if (own >= limits.client) return "client-tunnels";
    // The last ones are for clients that have few.
    if ((this.#bySite.get(site) ?? 0) >= openTo(own, limits.site)) return "site-tunnels";
    if (this.#open >= openTo(own, limits.edge)) return "edge-tunnels";
    this.#open += 1;
    change(this.#bySite, site, 1);
    change(this.#byClient, client, 1);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#open -= 1;
      change(this.#bySite, site, -1);
      change(this.#byClient, client, -1);
    };
  }
}

function change(counts: Map<string, number>, name: string, by: number): void {
  const count = (counts.get(name) ?? 0) + by;
  if (count === 0) counts.delete(name);
  else counts.set(name, count);
}
