import type { Position } from "../../purge-log/position.ts";
import type { Purge, PurgeTarget } from "../../purge-log/purge.ts";
import { covers, isAll, type Purgeable } from "../store/purge-match.ts";
import type { FillMark, StoredResponse } from "../store/stored-response.ts";
import { RecentPurges } from "./recent-purges.ts";
import { SoftFloors } from "./soft-floors.ts";

// Fills in flight are tested against this many purges; at 3,000 purges a second that is a fill of three seconds.
const REMEMBERED_PURGES = 10_000;

interface Applying {
  readonly targets: readonly PurgeTarget[];
  /** Of a soft purge. */
  readonly softlyAt: number | undefined;
}

/** What has happened at this edge that a fill may have missed: purges, flushes, invalidations by requests. */
export class PurgeHistory {
  readonly #purges = new RecentPurges(REMEMBERED_PURGES);
  readonly #hardPurges = new RecentPurges(REMEMBERED_PURGES);
  readonly #fences = new RecentPurges(REMEMBERED_PURGES);
  readonly #softFloors = new SoftFloors();
  /** The purge that is being applied in slices: what it has not come to yet must not be served either. */
  #applying: Applying | undefined;
  #flushes = 0;
  #invalidations = 0;

  mark(position: Position): FillMark {
    return { position, flushes: this.#flushes, invalidations: this.#invalidations };
  }

  /**
   * From now on the purge is in force, before the store has been searched for what it covers. `softlyAt`: of a soft
   * one, now, in milliseconds of the monotonic clock.
   */
  begin(position: Position, { targets }: Purge, softlyAt: number | undefined): void {
    this.#purges.add(position, targets);
    if (softlyAt === undefined) this.#hardPurges.add(position, targets);
    else if (targets.some(isAll)) this.#softFloors.add(position, softlyAt);
    this.#applying = { targets, softlyAt };
  }

  /** Everything that it covers in the store has been dealt with. */
  end(): void {
    this.#applying = undefined;
  }

  flushed(): void {
    this.#flushes += 1;
    // Whatever they cover is a validator only now, and positions may begin again below them.
    this.#softFloors.forget();
  }

  invalidated(targets: readonly PurgeTarget[]): void {
    this.#invalidations += 1;
    this.#fences.add(inOrder(this.#invalidations), targets);
  }

  /**
   * What became of a stored response: "purged" by a flush or by a purge that has yet to come to it; stale since when
   * by a soft purge, in milliseconds of the monotonic clock; undefined when neither covers it.
   */
  fateOf(stored: StoredResponse): "purged" | number | undefined {
    if (stored.mark.flushes < this.#flushes) return "purged";
    const since = earliest(stored.softPurgedAt, this.#softFloors.firstSince(stored.mark.position));
    if (this.#applying === undefined) return since;
    const { targets, softlyAt } = this.#applying;
    if (!targets.some((target) => covers(target, stored))) return since;
    return softlyAt === undefined ? "purged" : earliest(since, softlyAt);
  }

  /** Whether anything after `mark` covers the response, or may do so. */
  coveredSince(mark: FillMark, response: Purgeable): boolean {
    return this.#purges.coveredSince(mark.position, response) || this.#otherwiseCovered(mark, response);
  }

  /** The same of all but soft purges, which leave something that may be served. */
  removedSince(mark: FillMark, response: Purgeable): boolean {
    return this.#hardPurges.coveredSince(mark.position, response) || this.#otherwiseCovered(mark, response);
  }

  #otherwiseCovered(mark: FillMark, response: Purgeable): boolean {
    return mark.flushes < this.#flushes || this.#fences.coveredSince(inOrder(mark.invalidations), response);
  }
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

/** Invalidations are counted like the entries of one epoch. */
function inOrder(invalidations: number): Position {
  return { epoch: 0, seq: invalidations };
}
