import { openTo } from "../../http/server/reserve.ts";
import type { Clock } from "../../process/clock.ts";
import { Failure } from "../../process/failure.ts";
import type { GiveUpSignal } from "../origin/give-up.ts";
import { clientLeft, waitInLine } from "./waiting-line.ts";

/** Why a request gets no place at its origin. The words are in Cache-Status, the logs and the counter. */
export const placesRefusals = [
  /** All places of the site are taken. */
  "origin-places",
  /** The client has its share of them. */
  "client-places",
] as const;

export type PlacesRefusal = (typeof placesRefusals)[number];

/** A request could not be sent to the origin, because too many are under way. */
export class PlacesRefused extends Failure {
  readonly reason: PlacesRefusal;

  constructor(reason: PlacesRefusal, message: string) {
    super(reason, "edge", message);
    this.reason = reason;
  }
}

/** The client on whose behalf the edge asks the origin. */
export interface Asker {
  /** undefined: the edge itself, for a refresh in the background. */
  readonly client: string | undefined;
  /** Bytes that the request holds in memory while it waits. */
  readonly bytes: number;
}

/** How many requests may be under way at the origin of a site. */
export interface PlaceLimits {
  readonly originPlaces: number;
  /** Of these, for one client, and for all refreshes in the background together. */
  readonly originPlacesPerClient: number;
}

// As many as one client may have under way by default; a longer line is not served within the patience.
const MOST_WAITING = 1_000;

// Requests are 1 KiB usually, and at most 64 KiB.
const MOST_WAITING_BYTES = 8 * 2 ** 20;

// One client may fill a quarter of the line, so that others can wait too.
const LINE_SHARE = 4;

// An origin may take 30 s to begin its answer, and a router waits 40 s for that of an edge.
const PATIENCE_MS = 10_000;

interface Waiting {
  readonly bytes: number;
  readonly begin: () => void;
}

/** One client, while it has places or waits for one. */
interface Client {
  taken: number;
  bytes: number;
  /** In the order in which they came. */
  readonly line: Set<Waiting>;
}

/**
 * The requests under way at the origin of one site. A request that finds no place waits: so many, of so many bytes, for a
 * limited time. Clients that wait take turns, and a client that has its share waits for one of its own places.
 */
export class OriginPlaces {
  readonly #limits: PlaceLimits;
  readonly #clock: Clock;
  readonly #clients = new Map<string | undefined, Client>();
  /** The clients with waiting requests and less than their share, the next one first. */
  readonly #next = new Set<Client>();
  #taken = 0;
  #waiting = 0;
  #bytes = 0;

  constructor(limits: PlaceLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Whether a further request of the client would wait for one of its own. */
  isAtShare(client: string | undefined): boolean {
    return (this.#clients.get(client)?.taken ?? 0) >= this.#limits.originPlacesPerClient;
  }

  /** A place that is free now; undefined when there is none. It is to be called once, to give the place back. */
  takeNow(name: string | undefined): (() => void) | undefined {
    const taken = this.#clients.get(name)?.taken ?? 0;
    return this.#hasPlace(taken) ? this.#take(name, this.#client(name)) : undefined;
  }

  /** Waits for a place. Throws PlacesRefused, or a Failure when `left` is aborted before. */
  async wait({ client: name, bytes }: Asker, left?: GiveUpSignal): Promise<() => void> {
    const isGone = (): boolean => left?.aborted === true;
    if (isGone()) throw clientLeft();
    const client = this.#client(name);
    if (!this.#hasLine(client, bytes)) {
      this.#forgetIdle(name, client);
      throw this.#refused(name, "too many others wait");
    }
    const turn = Promise.withResolvers<() => void>();
    const waiting = { bytes, begin: () => turn.resolve(this.#take(name, client)) };
    this.#join(client, waiting);
    await waitInLine(turn.promise, { ms: PATIENCE_MS, left }, this.#clock);
    // No longer in line: it has been given a place.
    if (!client.line.has(waiting)) return turn.promise;
    this.#quit(client, waiting);
    this.#forgetIdle(name, client);
    throw isGone() ? clientLeft() : this.#refused(name, `waited ${PATIENCE_MS} ms`);
  }

  /** Whether a client that holds this many places may take another. */
  #hasPlace(taken: number): boolean {
    const { originPlaces, originPlacesPerClient } = this.#limits;
    return taken < originPlacesPerClient && this.#taken < openTo(taken, originPlaces);
  }

  #client(name: string | undefined): Client {
    const known = this.#clients.get(name);
    if (known !== undefined) return known;
    const client: Client = { taken: 0, bytes: 0, line: new Set() };
    this.#clients.set(name, client);
    return client;
  }

  #take(name: string | undefined, client: Client): () => void {
    this.#taken += 1;
    client.taken += 1;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#taken -= 1;
      client.taken -= 1;
      this.#rank(client);
      this.#forgetIdle(name, client);
      this.#callNext();
    };
  }

  #callNext(): void {
    for (const client of this.#next) {
      const [first] = client.line;
      if (first === undefined || !this.#hasPlace(client.taken)) continue;
      this.#next.delete(client);
      this.#quit(client, first);
      first.begin();
      // Behind the others, so that clients take turns.
      this.#rank(client);
      return;
    }
  }

  #hasLine(client: Client, bytes: number): boolean {
    return (
      this.#waiting < MOST_WAITING &&
      this.#bytes + bytes <= MOST_WAITING_BYTES &&
      client.line.size < MOST_WAITING / LINE_SHARE &&
      client.bytes + bytes <= MOST_WAITING_BYTES / LINE_SHARE
    );
  }

  #join(client: Client, waiting: Waiting): void {
    client.line.add(waiting);
    client.bytes += waiting.bytes;
    this.#waiting += 1;
    this.#bytes += waiting.bytes;
    this.#rank(client);
  }

  #quit(client: Client, waiting: Waiting): void {
    client.line.delete(waiting);
    client.bytes -= waiting.bytes;
    this.#waiting -= 1;
    this.#bytes -= waiting.bytes;
    this.#rank(client);
  }

  #rank(client: Client): void {
    const ready = client.line.size > 0 && client.taken < this.#limits.originPlacesPerClient;
    if (ready) this.#next.add(client);
    else this.#next.delete(client);
  }

  #forgetIdle(name: string | undefined, client: Client): void {
    if (client.taken === 0 && client.line.size === 0) this.#clients.delete(name);
  }

  #refused(name: string | undefined, why: string): PlacesRefused {
    const { originPlaces, originPlacesPerClient } = this.#limits;
    return this.isAtShare(name)
      ? new PlacesRefused("client-places", `${why}; the client has ${originPlacesPerClient} requests there`)
      : new PlacesRefused("origin-places", `${why}; the origin has ${originPlaces} requests of the site`);
  }
}

/** The places at the origins of all sites. */
export class SitePlaces {
  readonly #limitsOf: (site: string) => PlaceLimits;
  readonly #clock: Clock;
  readonly #bySite = new Map<string, OriginPlaces>();

  constructor(limitsOf: (site: string) => PlaceLimits, clock: Clock) {
    this.#limitsOf = limitsOf;
    this.#clock = clock;
  }

  of(site: string): OriginPlaces {
    const known = this.#bySite.get(site);
    if (known !== undefined) return known;
    const places = new OriginPlaces(this.#limitsOf(site), this.#clock);
    this.#bySite.set(site, places);
    return places;
  }
}
