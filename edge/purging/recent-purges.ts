import { comparePositions, type Position } from "../../purge-log/position.ts";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import { covers, type Purgeable } from "../store/purge-match.ts";

interface RecentPurge {
  readonly position: Position;
  readonly targets: readonly PurgeTarget[];
}

/**
 * The latest purges applied here, to test a fill against the purges that overtook it (rule E3, the fence).
 * When more have come than it remembers, it answers as if all of them matched.
 */
export class RecentPurges {
  readonly #capacity: number;
  readonly #purges: RecentPurge[] = [];
  /** The last purge that is no longer remembered. */
  #forgotten: Position | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(position: Position, targets: readonly PurgeTarget[]): void {
    this.#purges.push({ position, targets });
    if (this.#purges.length > this.#capacity) this.#forgotten = this.#purges.shift()?.position;
  }

  /** Whether a purge after `since` covers the response, or may do so. */
  coveredSince(since: Position, response: Purgeable): boolean {
    if (this.#forgotten !== undefined && comparePositions(this.#forgotten, since) > 0) return true;
    for (let i = this.#purges.length - 1; i >= 0; i -= 1) {
      const purge = this.#purges[i];
      if (purge === undefined || comparePositions(purge.position, since) <= 0) return false;
      if (purge.targets.some((target) => covers(target, response))) return true;
    }
    return false;
  }
}
