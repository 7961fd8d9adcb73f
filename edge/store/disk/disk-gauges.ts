import type { DiskStats } from "../../../proto/gen/edgecache/v1/edge.ts";
import type { DiskCounts } from "./disk-counts.ts";

const NO_DISK: DiskStats = {
  ...{ objects: 0, bytes: 0, limitBytes: 0, queueBytes: 0 },
  ...{ reads: 0, readBytes: 0, writes: 0, writtenBytes: 0, passedOver: 0 },
  ...{ evictedSegments: 0, evictedObjects: 0, errors: 0, oldestMs: 0, trouble: "" },
};

type DiskGauge =
  | `disk${Capitalize<Exclude<keyof DiskStats, "oldestMs" | "trouble">>}`
  | "diskIndexBytes"
  | "diskOldestSeconds"
  | "diskFailing";

/** What the Stats call tells of the disk tier; undefined: there is none. `size`: what its files may take. */
export function diskStats(counts: DiskCounts | undefined, size: number): DiskStats | undefined {
  if (counts === undefined) return undefined;
  const { objects, bytes, queueBytes, reads, readBytes, writes, writtenBytes, passedOver, errors } = counts;
  const { evicted, oldestMs, trouble } = counts;
  return {
    ...{ objects, bytes, limitBytes: size, queueBytes, reads, readBytes, writes, writtenBytes, passedOver },
    ...{ evictedSegments: evicted.segments, evictedObjects: evicted.objects, errors, oldestMs },
    trouble: trouble?.kind ?? "",
  };
}

/** The same for the metrics. */
export function diskGauges(counts: DiskCounts | undefined, size: number): Record<DiskGauge, number> {
  const stats = diskStats(counts, size) ?? NO_DISK;
  return {
    diskObjects: stats.objects,
    diskBytes: stats.bytes,
    diskLimitBytes: stats.limitBytes,
    diskIndexBytes: counts?.indexBytes ?? 0,
    diskQueueBytes: stats.queueBytes,
    diskReads: stats.reads,
    diskReadBytes: stats.readBytes,
    diskWrites: stats.writes,
    diskWrittenBytes: stats.writtenBytes,
    diskPassedOver: stats.passedOver,
    diskEvictedSegments: stats.evictedSegments,
    diskEvictedObjects: stats.evictedObjects,
    diskErrors: stats.errors,
    diskOldestSeconds: stats.oldestMs / 1_000,
    diskFailing: stats.trouble === "" ? 0 : 1,
  };
}
