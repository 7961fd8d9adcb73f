/**
 * The fence (rule E3). A fill may read at the origin before a purge and arrive after it. So every fill carries a mark
 * of what had happened at this edge when it began, and everything that has happened since is tested against the fill
 * before it is shared or stored.
 *
 * Three kinds of events can overtake a fill: purges of the log, soft flushes, and invalidations by requests at this
 * edge. The same record tells what has become of a stored response that no purge has touched one by one: soft purges
 * of everything and soft flushes cost nothing per response.
 */
import { comparePositions, type Position } from "../../purge-log/position.ts";
import type { Purge, PurgeTarget } from "../../purge-log/purge.ts";
import { covers, isAll, type Purgeable } from "../store/purge-match.ts";
import type { FillMark, StoredResponse } from "../store/stored-response.ts";

// Fills in flight are tested against this many purges. At 3,000 purges a second that is a fill of three seconds.
const REMEMBERED_PURGES = 10_000;

// A response would have to survive that many soft purges of everything: one a minute for most of a day.
const REMEMBERED_FLOORS = 1_000;

/** The purge that is being applied. */
interface Applying {
  readonly targets: readonly PurgeTarget[];
  /** Of a soft purge: since when, in milliseconds of the monotonic clock. */
  readonly softlyAt: number | undefined;
}

/** What a fill at this edge may have missed. */
export class Fence {
  readonly #purges: RecentPurges;
  readonly #hardPurges: RecentPurges;
  readonly #local: RecentPurges;
  readonly #softFloors = new SoftFloors();
  /** It is applied in slices. What it has not come to yet must not be served either. */
  #applying: Applying | undefined;
  #flushes = 0;
  #invalidations = 0;

  /** `remembered`: how many events of each kind. Older ones count as if they covered everything. */
  constructor(remembered = REMEMBERED_PURGES) {
    this.#purges = new RecentPurges(remembered);
    this.#hardPurges = new RecentPurges(remembered);
    this.#local = new RecentPurges(remembered);
  }

  /** For a fill that begins now, at an edge that has applied everything up to `position`. */
  mark(position: Position): FillMark {
    return { position, flushes: this.#flushes, invalidations: this.#invalidations };
  }

  /**
   * The purge is in force from now on, before the store has been searched for what it covers: whatever is stored
   * meanwhile is tested against it too. `softlyAt`: of a soft purge, now, in milliseconds of the monotonic clock.
   */
  begin(position: Position, { targets }: Purge, softlyAt: number | undefined): void {
    this.#purges.add(position, targets);
    if (softlyAt === undefined) this.#hardPurges.add(position, targets);
    else if (targets.some(isAll)) this.#softFloors.add(position, softlyAt);
    this.#applying = { targets, softlyAt };
  }

  /** The store holds nothing more that the purge has not come to. */
  end(): void {
    this.#applying = undefined;
  }

  /** Rule E2: history may have been lost, so everything filled so far counts as purged. */
  flush(): void {
    this.#flushes += 1;
    // The flush covers whatever they cover, and positions may begin again below them.
    this.#softFloors.forget();
  }

  /** A request at this edge may have changed what these targets name. */
  invalidate(targets: readonly PurgeTarget[]): void {
    this.#invalidations += 1;
    this.#local.add(inOrder(this.#invalidations), targets);
  }

  /**
   * What purges have made of a stored response; `softPurgedAt` is what the store knows of it. "purged": a flush covers
   * it, or a hard purge that has yet to drop it. A number: stale by a soft purge since then, in the milliseconds that
   * `begin` was given. Undefined: nothing.
   */
  purgedBy(stored: StoredResponse, softPurgedAt?: number): "purged" | number | undefined {
    if (stored.mark.flushes < this.#flushes) return "purged";
    const since = earliest(softPurgedAt, this.#softFloors.firstSince(stored.mark.position));
    if (this.#applying === undefined) return since;
    const { targets, softlyAt } = this.#applying;
    if (!targets.some((target) => covers(target, stored))) return since;
    return softlyAt === undefined ? "purged" : earliest(since, softlyAt);
  }

  /** Whether anything since `mark` covers the response, or may cover it. */
  overtaken(mark: FillMark, response: Purgeable): boolean {
    return this.#purges.coveredSince(mark.position, response) || this.#otherwise(mark, response);
  }

  /** The same without soft purges, which leave something that may be served. */
  removed(mark: FillMark, response: Purgeable): boolean {
    return this.#hardPurges.coveredSince(mark.position, response) || this.#otherwise(mark, response);
  }

  #otherwise(mark: FillMark, response: Purgeable): boolean {
    return mark.flushes < this.#flushes || this.#local.coveredSince(inOrder(mark.invalidations), response);
  }
}

interface RecentPurge {
  readonly position: Position;
  readonly targets: readonly PurgeTarget[];
}

/** The latest purges. When more have come than it remembers, it answers as if the others covered everything. */
class RecentPurges {
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

interface SoftFloor {
  readonly position: Position;
  /** When it was applied here, in milliseconds of the monotonic clock. */
  readonly at: number;
}

/**
 * The latest soft purges of everything: what was filled before one is stale as of then. It answers for those that it
 * no longer remembers as if they had been applied when the first of them was.
 */
class SoftFloors {
  #floors: SoftFloor[] = [];

  /** Positions come in order, until they are forgotten. */
  add(position: Position, at: number): void {
    this.#floors.push({ position, at });
    if (this.#floors.length <= REMEMBERED_FLOORS) return;
    const [first, second, ...rest] = this.#floors;
    if (first !== undefined && second !== undefined)
      this.#floors = [{ position: second.position, at: first.at }, ...rest];
  }

  forget(): void {
    this.#floors = [];
  }

  /** When the first purge behind `position` was applied; undefined when there was none. */
  firstSince(position: Position): number | undefined {
    let first: number | undefined;
    for (let i = this.#floors.length - 1; i >= 0; i -= 1) {
      const floor = this.#floors[i];
      if (floor === undefined || comparePositions(floor.position, position) <= 0) break;
      first = floor.at;
    }
    return first;
  }
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

/** Invalidations are counted like the entries of one epoch. */
function inOrder(invalidations: number): Position {
  return { epoch: 0, seq: invalidations };
}
