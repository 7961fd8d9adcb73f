import type { Position } from "../purge-log/position.ts";
import type { PurgeTarget } from "../purge-log/purge.ts";
import { RecentPurges } from "./recent-purges.ts";
import type { FillMark } from "./store/fill-mark.ts";
import type { Purgeable } from "./store/purge-match.ts";

// Fills in flight are tested against this many purges; at 3,000 purges a second that is a fill of three seconds.
const REMEMBERED_PURGES = 10_000;

/** What has happened at this edge that a fill may have missed: purges, flushes, invalidations by requests. */
export class PurgeHistory {
  readonly #purges = new RecentPurges(REMEMBERED_PURGES);
  readonly #fences = new RecentPurges(REMEMBERED_PURGES);
  #flushes = 0;
  #invalidations = 0;

  mark(position: Position): FillMark {
    return { position, flushes: this.#flushes, invalidations: this.#invalidations };
  }

  purged(position: Position, targets: readonly PurgeTarget[]): void {
    this.#purges.add(position, targets);
  }

  flushed(): void {
    this.#flushes += 1;
  }

  invalidated(targets: readonly PurgeTarget[]): void {
    this.#invalidations += 1;
    this.#fences.add(inOrder(this.#invalidations), targets);
  }

  /** Whether there was a flush after `mark`. */
  flushedSince(mark: FillMark): boolean {
    return mark.flushes < this.#flushes;
  }

  /** Whether anything after `mark` covers the response, or may do so. */
  coveredSince(mark: FillMark, response: Purgeable): boolean {
    return (
      this.flushedSince(mark) ||
      this.#purges.coveredSince(mark.position, response) ||
      this.#fences.coveredSince(inOrder(mark.invalidations), response)
    );
  }
}

/** Invalidations are counted like the entries of one epoch. */
function inOrder(invalidations: number): Position {
  return { epoch: 0, seq: invalidations };
}
