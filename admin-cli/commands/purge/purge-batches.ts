import { Failure } from "../../../process/failure.ts";
import { show } from "../../../process/settings/values.ts";
import { PurgeTarget } from "../../../proto/gen/edgecache/v1/edge.ts";
import { MOST_PURGE_ID, MOST_TARGETS } from "../../../purge-log/purge.ts";

// The limit of one call in edge.proto.
const MOST_CALL_BYTES = 64 * 1024;
// Room for the other fields of a call: id, times, flags.
const CALL_OVERHEAD = 256;
// Before each target: its field number and its length.
const TARGET_OVERHEAD = 4;

/** The same targets in the same order, each part small enough for one call. */
export function purgeBatches(targets: readonly PurgeTarget[]): PurgeTarget[][] {
  const batches: PurgeTarget[][] = [];
  let batch: PurgeTarget[] = [];
  let bytes = CALL_OVERHEAD;
  for (const target of targets) {
    const size = PurgeTarget.encode(target).finish().byteLength + TARGET_OVERHEAD;
    if (batch.length > 0 && (batch.length === MOST_TARGETS || bytes + size > MOST_CALL_BYTES)) {
      batches.push(batch);
      batch = [];
      bytes = CALL_OVERHEAD;
    }
    batch.push(target);
    bytes += size;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/**
 * The ids of the `count` calls that make up one purge. They are the same each time, so that the whole purge can be
 * repeated safely. Throws Failure("bad-usage") when `purgeId` is too long to be numbered.
 */
export function batchIds(purgeId: string, count: number): string[] {
  if (count === 1) return [purgeId];
  const ids = Array.from({ length: count }, (_, i) => `${purgeId}.${i + 1}`);
  const longest = MOST_PURGE_ID - `.${count}`.length;
  if (purgeId.length <= longest) return ids;
  const rule = `must be at most ${longest} characters for targets that take ${count} calls`;
  throw new Failure("bad-usage", "client", `--purge-id: ${rule}, got ${show(purgeId)}`);
}
