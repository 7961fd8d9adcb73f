import type { ServerResponse } from "node:http";
import type { Clock } from "../../process/clock.ts";
import type { Log } from "../../process/log.ts";
import type { PurgeRecord, WatchRequestsResponse } from "../../proto/gen/edgecache/v1/edge.ts";
import { TOP_ORDERS, type TopOrder, topRows } from "../../proto/json/top-rows.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { FleetEdge } from "../fleet/fleet-edge.ts";
import { isServing } from "../measure/edge-health.ts";
import { Audience } from "./audience.ts";
import { CallFailure, EdgeCalls, type EdgeCallsParts } from "./edge-calls.ts";
import { EdgeLink } from "./edge-link.ts";
import { fleetEvent } from "./fleet-event.ts";
import { PurgeFeed } from "./purge-feed.ts";
import { MOST_PURGES } from "./purge-history.ts";

// A table of as many fits on a screen.
const MOST_TOP_ROWS = 20;

/** How often the page hears of the fleet. */
export const REFRESH_MS = 1000;

// The operator port closes connections that are idle for 30 s, and proxies some that are for a minute.
const BEAT_EVERY_MS = 10_000;

// The tables change slowly, and each is a call to every edge.
const TOP_EVERY_MS = 5000;

export interface LiveFeedParts extends EdgeCallsParts {
  readonly clock: Clock;
  readonly fleet: Pick<Fleet, "edges" | "ranking">;
  readonly log: Log;
}

/** What runs while somebody watches. */
interface Watch {
  readonly stopped: AbortController;
  readonly purges: PurgeFeed;
  /** Undefined until the edges have been asked. */
  top: { readonly by: object } | undefined;
}

/** What everybody sees who watches. Nothing of it runs while nobody does. */
export class LiveFeed {
  readonly #parts: LiveFeedParts;
  readonly #audience: Audience;
  /** By edge: one that comes back with another address is another one. */
  readonly #links = new Map<FleetEdge, EdgeLink>();
  #watch: Watch | undefined;

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

  admit(response: ServerResponse, hello: object): void {
    this.#audience.admit(response, () => {
      const { top, purges } = this.#watch ?? {};
      return [
        ["hello", hello],
        ["fleet", this.#fleetEvent()],
        ...(top === undefined ? [] : [["top", top] as const]),
        ...(purges?.rows ?? []).map((row) => ["purge", row] as const),
      ];
    });
  }

  /** Somebody purges by the page: the receipts are looked for now. */
  hurry(): void {
    this.#watch?.purges.hurry();
  }

  close(): void {
    this.#audience.close();
    this.#end();
  }

  #begin(): void {
    const stopped = new AbortController();
    this.#linkEdges();
    const purges = new PurgeFeed({
      clock: this.#parts.clock,
      ask: () => this.#askPurges(),
      tell: (row) => this.#audience.tell("purge", row),
    });
    const watch: Watch = { stopped, purges, top: undefined };
    this.#watch = watch;
    void this.#repeat(stopped.signal, REFRESH_MS, async () => {
      this.#linkEdges();
      this.#audience.tell("fleet", this.#fleetEvent());
    });
    void this.#repeat(stopped.signal, TOP_EVERY_MS, async () => {
      watch.top = { by: await this.#askTop() };
      if (!stopped.signal.aborted) this.#audience.tell("top", watch.top);
    });
    void this.#repeat(stopped.signal, BEAT_EVERY_MS, async () => this.#audience.beat());
  }

  #end(): void {
    this.#watch?.stopped.abort();
    this.#watch?.purges.stop();
    this.#watch = undefined;
    for (const link of this.#links.values()) link.stop();
    this.#links.clear();
  }

  async #repeat(signal: AbortSignal, ms: number, act: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      await act();
      await this.#parts.clock.wait(ms, signal).catch((thrown: unknown) => {
        if (!signal.aborted) throw thrown;
      });
    }
  }

  /** One edge knows the receipts of all, if it can reach the purge log: a serving one can. */
  async #askPurges(): Promise<readonly PurgeRecord[] | undefined> {
    const links = [...this.#links];
    const [, link] = links.find(([{ health }]) => isServing(health)) ?? links[0] ?? [];
    return link === undefined ? undefined : this.#orNothing(link.calls.purges(MOST_PURGES));
  }

  async #askTop(): Promise<Readonly<Record<TopOrder, unknown>>> {
    const calls = [...this.#links.values()].filter(({ stats }) => stats !== undefined);
    const rows = async (order: TopOrder) =>
      topRows(
        order,
        await Promise.all(
          calls.map(
            async (link) => (await this.#orNothing(link.calls.top(order, MOST_TOP_ROWS)))?.rows ?? [],
          ),
        ),
        MOST_TOP_ROWS,
      );
    const [requests, bytes, slowest, misses] = await Promise.all(TOP_ORDERS.map(rows));
    return { requests, bytes, slowest, misses };
  }

  /** The stream of counters of an edge that does not answer breaks too, and the watchers hear of that. */
  async #orNothing<T>(answer: Promise<T>): Promise<T | undefined> {
    try {
      return await answer;
    } catch (thrown) {
      if (!(thrown instanceof CallFailure)) throw thrown;
      this.#parts.log.debug({ why: thrown.message }, "edge not read for the dashboard");
      return undefined;
    }
  }

  #fleetEvent(): object {
    const { edges, ranking } = this.#parts.fleet;
    return fleetEvent(edges, ranking, (edge) => this.#links.get(edge)?.stats);
  }

  /** One link for each edge of the fleet. */
  #linkEdges(): void {
    const edges = new Set(this.#parts.fleet.edges);
    for (const [edge, link] of this.#links) {
      if (edges.has(edge)) continue;
      link.stop();
      this.#links.delete(edge);
    }
    for (const edge of edges) if (!this.#links.has(edge)) this.#links.set(edge, this.#link(edge));
  }

  #link(edge: FleetEdge): EdgeLink {
    return new EdgeLink(new EdgeCalls(edge.addresses.grpcAddress, this.#parts), {
      clock: this.#parts.clock,
      requests: (seen) => this.#audience.tell("requests", requestsEvent(seen)),
      lost: (why) => this.#audience.tell("lost", { edge: edge.id, why }),
    });
  }
}

function requestsEvent({ edge, requests, passedOver }: WatchRequestsResponse): object {
  const seen = requests.map(({ time, ...rest }) => ({ time: time?.toISOString() ?? null, ...rest }));
  return { edge, requests: seen, passedOver };
}
