import { Failure } from "../../../process/failure.ts";
import { show } from "../../../process/settings/values.ts";
import { PurgeTarget } from "../../../proto/gen/edgecache/v1/edge.ts";
import { MOST_PURGE_ID, MOST_TARGETS } from "../../../purge-log/purge.ts";

// Of one call, by edge.proto.
const MOST_CALL_BYTES = 64 * 1024;
// For all else in a call: its id, its times, its flags.
const CALL_OVERHEAD = 256;
// In front of each target: its field's number and its length.
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
 * The ids of `count` calls that are one purge for the caller: the same each time, so that a purge is repeated
 * safely as a whole. Throws Failure("bad-usage") when `purgeId` is too long to be numbered.
 */
export function batchIds(purgeId: string, count: number): string[] {
  if (count === 1) return [purgeId];
  const ids = Array.from({ length: count }, (_, i) => `${purgeId}.${i + 1}`);
  const longest = MOST_PURGE_ID - `.${count}`.length;
  if (purgeId.length <= longest) return ids;
  const rule = `must be at most ${longest} characters for targets that take ${count} calls`;
  throw new Failure("bad-usage", "client", `--purge-id: ${rule}, got ${show(purgeId)}`);
}
