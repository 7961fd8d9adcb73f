/**
 * The fence (rule E3). A fill may read at the origin before a purge and arrive after it. So every fill carries a mark
 * of what had happened at this edge when it began, and everything that has happened since is tested against the fill
 * before it is shared or stored.
 *
 * Three kinds of events can overtake a fill: purges of the log, soft flushes, and invalidations by requests at this
 * edge. The fence remembers the targets of purges and invalidations (recent-targets.ts) in a bounded number of bytes. A
 * fill that began before the oldest of them is not stored. A stored response does not depend on this memory: the store
 * has dropped it or noted that it is stale, and the fence counts flushes and soft purges of everything apart from it.
 */

import { Roster } from "../../process/roster.ts";
import { BEGINNING, comparePositions, type Position } from "../../purge-log/position.ts";
import type { FenceWatch } from "../cache/purge-state.ts";
import type { Purgeable } from "../store/purge-match.ts";
import { asValidator, type FillMark, type StoredResponse } from "../store/stored-response.ts";
import type { Kept } from "./kept.ts";
import { type Located, located, type NamedTarget } from "./named-target.ts";
import { RecentTargets } from "./recent-targets.ts";
import { RememberedTargets } from "./remembered-targets.ts";
import { SoftFloors } from "./soft-floors.ts";

/**
 * Of --memory. At the default of 256 MiB these 8 MiB are some 100,000 targets: 30 seconds of 3,000 purges a second while
 * a fill is under way.
 */
export const FENCE_SHARE = 1 / 32;
const MOST_BYTES = 256 * 1024 * 1024 * FENCE_SHARE;

/** How it is shared out. Soft purges are the rarer ones, and invalidations are what clients can send. */
const SHARES = { hard: 0.5, soft: 0.25, local: 0.25 } as const;

/** A purge or an invalidation while the store is searched for what it covers. */
interface Searching {
  readonly targets: RememberedTargets;
  /** Of a soft purge: since when, in milliseconds of the monotonic clock. */
  readonly softlyAt: number | undefined;
  /** Of an invalidation: its number. It does not cover a response that was filled later. */
  readonly invalidation: number | undefined;
}

/** The purges that a fill at this edge may have missed. */
export class Fence {
  readonly #hard: RecentTargets;
  readonly #soft: RecentTargets;
  readonly #local: RecentTargets;
  readonly #softFloors = new SoftFloors();
  /** Searches of the store run in slices. A response that a search has not reached yet must not be served either. */
  readonly #searching = new Set<Searching>();
  readonly #held = new Roster<FillMark>();
  readonly #watch: FenceWatch | undefined;
  #flushes = 0;
  #invalidations = 0;
  #spared: { readonly flushes: number; readonly from: Position } | undefined;

  /** `mostBytes`: for all that it remembers. */
  constructor(
    mostBytes = MOST_BYTES,
    remember = (most: number) => new RecentTargets(most),
    watch?: FenceWatch,
  ) {
    this.#watch = watch;
    this.#hard = remember(mostBytes * SHARES.hard);
    this.#soft = remember(mostBytes * SHARES.soft);
    this.#local = remember(mostBytes * SHARES.local);
  }

  /** Approximate size in memory, in bytes. */
  get bytes(): number {
    return this.#hard.bytes + this.#soft.bytes + this.#local.bytes;
  }

  /** For a fill that begins now, at an edge that has applied everything up to `position`. */
  mark(position: Position): FillMark {
    return { position, flushes: this.#flushes, invalidations: this.#invalidations };
  }

  /** A fill with this mark is under way. The fence remembers all later events until the returned function is called. */
  hold(mark: FillMark): () => void {
    const place = this.#held.add(mark);
    return () => place.leave();
  }

  /**
   * The purge is in force from now on, before the store has been searched for what it covers: whatever is stored
   * meanwhile is tested against it too. `softlyAt`: of a soft purge, now, in milliseconds of the monotonic clock. The
   * returned function is to be called when the store holds nothing more that the purge has not come to.
   */
  begin(position: Position, targets: readonly NamedTarget[], softlyAt: number | undefined): () => void {
    const recent = softlyAt === undefined ? this.#hard : this.#soft;
    recent.add(targets, position, () => this.#oldest(({ position }) => position));
    if (softlyAt !== undefined && targets.some(isAll)) {
      this.#softFloors.add(position, softlyAt);
      this.#watch?.coversAll();
    }
    return this.#search(targets, { softlyAt, invalidation: undefined });
  }

  /**
   * Rule E2: history may have been lost, so everything filled so far counts as purged. `before`: what is on disk and was
   * filled no earlier does not.
   */
  flush(before?: Position): void {
    this.#spared = before && { flushes: this.#flushes, from: before };
    this.#flushes += 1;
    // The flush covers whatever they cover, and positions may begin again below them.
    this.#softFloors.forget();
    this.#hard.clear();
    this.#soft.clear();
    this.#watch?.coversAll();
  }

  /**
   * A request at this edge may have changed what these targets name. The returned function is to be called when the
   * store holds nothing of it any more.
   */
  invalidate(targets: readonly NamedTarget[]): () => void {
    this.#invalidations += 1;
    const at = inOrder(this.#invalidations);
    this.#local.add(targets, at, () => this.#oldest(({ invalidations }) => inOrder(invalidations)));
    return this.#search(targets, { softlyAt: undefined, invalidation: this.#invalidations });
  }

  /**
   * What purges have made of a stored response; `softPurgedAt` is what the store knows of it. "purged": a flush covers
   * it, or a hard purge that has yet to drop it. A number: stale by a soft purge since then, in the milliseconds that
   * `begin` was given. Undefined: nothing.
   */
  purgedBy(stored: StoredResponse, softPurgedAt?: number): "purged" | number | undefined {
    if (stored.mark.flushes < this.#flushes) return "purged";
    const since = earliest(softPurgedAt, this.#softFloors.firstSince(stored.mark.position));
    return this.#searching.size === 0 ? since : this.#searchedFor(stored, since);
  }

  /** Whether `purgedBy` may find that purges have made anything of a stored response with this mark. */
  mayCover({ flushes, position }: FillMark, softPurgedAt: number | undefined): boolean {
    if (flushes < this.#flushes || softPurgedAt !== undefined || this.#searching.size > 0) return true;
    return this.#softFloors.firstSince(position) !== undefined;
  }

  /** Whether anything since `mark` covers the response, or may cover it. */
  overtaken(mark: FillMark, response: Purgeable): boolean {
    if (mark.flushes < this.#flushes) return true;
    const place = located(response);
    return this.#soft.covers(place, mark.position) || this.#removed(mark, place);
  }

  /** The same without soft purges, which leave something that may be served. */
  removed(mark: FillMark, response: Purgeable): boolean {
    return mark.flushes < this.#flushes || this.#removed(mark, located(response));
  }

  /**
   * Rule E9: the mark that a response from disk may be stored with. "gone": a purge or an invalidation covers it. One that
   * is stale, or that a flush covers, is a validator.
   */
  recalled(mark: FillMark, response: Purgeable): FillMark | "gone" {
    const place = located(response);
    if (this.#removed(mark, place)) return "gone";
    if (this.#soft.covers(place, mark.position)) return asValidator(mark);
    if (this.#isSpared(mark)) return { ...mark, flushes: this.#flushes };
    return mark.flushes < this.#flushes ? asValidator(mark) : mark;
  }

  /** What a flush after the start has spared, because the log still has every purge since. */
  #isSpared({ flushes, position }: FillMark): boolean {
    const spared = this.#spared;
    return spared !== undefined && flushes === spared.flushes && comparePositions(position, spared.from) >= 0;
  }

  /**
   * Goes on where an earlier process was. What comes from disk may be of any age, so from now on the fence remembers as
   * much as it has room for.
   */
  resume({ resumed, invalidated }: Kept): void {
    this.#held.add({ position: BEGINNING, flushes: 0, invalidations: 0 });
    this.#flushes = resumed?.flushes ?? 0;
    this.#invalidations = resumed?.invalidations ?? 0;
    for (const { targets, invalidations } of invalidated)
      this.#local.add(targets, inOrder(invalidations), () => BEGINNING);
  }

  #removed(mark: FillMark, place: Located): boolean {
    return this.#hard.covers(place, mark.position) || this.#local.covers(place, inOrder(mark.invalidations));
  }

  #search(targets: readonly NamedTarget[], how: Omit<Searching, "targets">): () => void {
    const remembered = new RememberedTargets();
    remembered.add(targets, SOME_TIME);
    const searching = { ...how, targets: remembered };
    this.#searching.add(searching);
    this.#watch?.searchBegins();
    return () => {
      if (this.#searching.delete(searching)) this.#watch?.searchEnds();
    };
  }

  #searchedFor(stored: StoredResponse, since: number | undefined): "purged" | number | undefined {
    const place = located(stored);
    let staleSince = since;
    for (const { targets, softlyAt, invalidation } of this.#searching) {
      if (invalidation !== undefined && stored.mark.invalidations >= invalidation) continue;
      if (!targets.covers(place, BEGINNING)) continue;
      if (softlyAt === undefined) return "purged";
      staleSince = earliest(staleSince, softlyAt);
    }
    return staleSince;
  }

  /** The mark of the oldest fill under way; undefined when none is. */
  #oldest(seen: (mark: FillMark) => Position): Position | undefined {
    let oldest: Position | undefined;
    for (const mark of this.#held) {
      const position = seen(mark);
      if (oldest === undefined || comparePositions(position, oldest) < 0) oldest = position;
    }
    return oldest;
  }
}

const SOME_TIME: Position = { epoch: 0, seq: 1 };

function isAll({ kind, site }: NamedTarget): boolean {
  return kind === "everything" && site === undefined;
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

/** Invalidations are counted like the entries of one epoch. */
function inOrder(invalidations: number): Position {
  return { epoch: 0, seq: invalidations };
}
