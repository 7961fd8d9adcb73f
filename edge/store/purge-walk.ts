import type { Clock } from "../../process/clock.ts";
import { WorkSlice } from "../../process/work-slice.ts";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import type { Purgeable } from "./purge-match.ts";
import { type Searchable, searches } from "./purge-search.ts";
import { RowSet } from "./row-set.ts";

/** Where a purge looks. */
interface Purged extends Searchable {
  isHeld(row: number): boolean;
  purgeable(row: number): Purgeable;
}

interface PurgeVisit<Met> {
  readonly clock: Clock;
  readonly isEmptied: () => boolean;
  readonly meet: (row: number) => Met;
}

/**
 * Every response that the targets cover, each once, found in slices. It ends early when `isEmptied` says so. `meet` is
 * called with the row of each while that is still the row of this response: what is yielded arrives later.
 */
export async function* purgeWalk<Met>(
  targets: readonly PurgeTarget[],
  directory: Purged,
  { clock, isEmptied, meet }: PurgeVisit<Met>,
): AsyncGenerator<Met> {
  const slice = new WorkSlice(clock);
  const met = new RowSet();
  for (const { candidates, covers } of searches(targets, directory)) {
    // To look up a target that covers nothing takes time too.
    if (slice.isOver()) await slice.pause();
    for (const row of candidates) {
      if (slice.isOver()) await slice.pause();
      if (isEmptied()) return;
      if (!directory.isHeld(row) || !covers(directory.purgeable(row)) || met.has(row)) continue;
      // The walk for one target meets each response once anyway.
      if (targets.length > 1) met.add(row);
      yield meet(row);
      if (isEmptied()) return;
    }
  }
}

/** How many are met, and the sum of their bytes. */
export async function countMet(met: AsyncIterable<number>): Promise<{ objects: number; bytes: number }> {
  let [objects, bytes] = [0, 0];
  for await (const each of met) {
    objects += 1;
    bytes += each;
  }
  return { objects, bytes };
}
