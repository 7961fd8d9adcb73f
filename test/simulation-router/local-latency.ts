import type { Watcher } from "./routed-requests.ts";
import { TimeBins } from "./time-bins.ts";
import type { World } from "./world.ts";

const BIN_MS = 1000;

/** Mean latency over time of those requests whose router was nearest to one edge when the play began. */
export class LocalLatency implements Watcher {
  readonly #edge: string;
  readonly #bins: TimeBins;

  constructor(edge: string, ms: number) {
    this.#edge = edge;
    this.#bins = new TimeBins(ms, BIN_MS);
  }

  answered(world: World, router: number, _edge: number, cameAt: number, latencyMs: number): void {
    const nearest = world.edges[world.nearestAtFirst(router)];
    if (nearest?.name === this.#edge) this.#bins.add(cameAt, latencyMs);
  }

  /** In the middle of each second. */
  means(): readonly (readonly [seconds: number, meanMs: number | undefined])[] {
    return this.#bins.means();
  }
}
