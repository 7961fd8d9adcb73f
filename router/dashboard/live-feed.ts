import type { ServerResponse } from "node:http";
import { describeError } from "../../process/failure.ts";
import type { Log } from "../../process/log.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { FleetEdge } from "../fleet/fleet-edge.ts";
import { isServing } from "../measure/edge-health.ts";
import { Audience } from "./audience.ts";
import { EdgeCalls, type EdgeCallsParts } from "./edge-calls.ts";
import { EdgeLink } from "./edge-link.ts";
import { fleetEvent } from "./fleet-event.ts";
import { MOST_PURGES, PurgeHistory } from "./purge-history.ts";

/** How often the page hears of the fleet. */
export const REFRESH_MS = 1000;

// The operator port closes connections that are idle for 30 s, and proxies some that are for a minute.
const BEAT_EVERY_MS = 10_000;

// Receipts arrive within some hundred milliseconds, one edge after the other: the page shows each.
const PENDING_REFRESH_MS = 250;

export interface LiveFeedParts extends EdgeCallsParts {
  readonly fleet: Pick<Fleet, "edges" | "ranking">;
  readonly log: Log;
}

/** What everybody sees who watches. Nothing of it runs while nobody does. */
export class LiveFeed {
  readonly #parts: LiveFeedParts;
  readonly #audience: Audience;
  /** By edge: one that comes back with another address is another one. */
  readonly #links = new Map<FleetEdge, EdgeLink>();
  #history = new PurgeHistory();
  #watching: AbortController | undefined;

  constructor(parts: LiveFeedParts) {
    this.#parts = parts;
    this.#audience = new Audience({
      clock: parts.clock,
      began: () => this.#begin(),
      ended: () => this.#end(),
    });
  }

  get isFull(): boolean {
    return this.#audience.isFull;
  }

  get watchers(): number {
    return this.#audience.size;
  }

  admit(response: ServerResponse, hello: object): void {
    this.#audience.admit(response, () => [
      ["hello", hello],
      ["fleet", this.#fleetEvent()],
      ...this.#history.rows.map((row) => ["purge", row] as const),
    ]);
  }

  close(): void {
    this.#audience.close();
    this.#end();
  }

  #begin(): void {
    const watching = new AbortController();
    this.#watching = watching;
    this.#history = new PurgeHistory();
    this.#linkEdges();
    void this.#repeat(watching.signal, () => this.#refresh());
    void this.#repeat(watching.signal, () => this.#refreshPurges());
    void this.#repeat(watching.signal, async () => {
      this.#audience.beat();
      return BEAT_EVERY_MS;
    });
  }

  #end(): void {
    this.#watching?.abort();
    this.#watching = undefined;
    for (const link of this.#links.values()) link.stop();
    this.#links.clear();
  }

  /** `act` says how long to wait until it is called again. */
  async #repeat(signal: AbortSignal, act: () => Promise<number>): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      const ms = await act();
      await clock.wait(ms, signal).catch((thrown: unknown) => {
        if (!signal.aborted) throw thrown;
      });
    }
  }

  async #refresh(): Promise<number> {
    this.#linkEdges();
    this.#audience.tell("fleet", this.#fleetEvent());
    return REFRESH_MS;
  }

  async #refreshPurges(): Promise<number> {
    const link = this.#bestInformed();
    if (link === undefined) return REFRESH_MS;
    try {
      const records = await link.calls.purges(MOST_PURGES);
      for (const row of this.#history.news(records)) this.#audience.tell("purge", row);
    } catch (thrown) {
      // Its stream of counters breaks too, and the watchers hear of that.
      this.#parts.log.debug({ why: describeError(thrown) }, "purges not read");
    }
    return this.#history.isPending ? PENDING_REFRESH_MS : REFRESH_MS;
  }

  /** One edge knows the receipts of all, if it can reach the purge log. */
  #bestInformed(): EdgeLink | undefined {
    const links = [...this.#links];
    const [, link] = links.find(([{ health }]) => isServing(health)) ?? links[0] ?? [];
    return link;
  }

  #fleetEvent(): object {
    const { edges, ranking } = this.#parts.fleet;
    return fleetEvent(edges, ranking, (edge) => this.#links.get(edge)?.stats);
  }

  /** One link for each edge of the fleet. */
  #linkEdges(): void {
    const { fleet, clock } = this.#parts;
    const edges = new Set(fleet.edges);
    for (const [edge, link] of this.#links) {
      if (edges.has(edge)) continue;
      link.stop();
      this.#links.delete(edge);
    }
    for (const edge of edges) {
      if (this.#links.has(edge)) continue;
      const lost = (why: string) => this.#audience.tell("lost", { edge: edge.id, why });
      this.#links.set(
        edge,
        new EdgeLink(new EdgeCalls(edge.addresses.grpcAddress, this.#parts), { clock, lost }),
      );
    }
  }
}
