import type { DiskCounts } from "./disk-tier.ts";

const NO_DISK: DiskCounts = {
  ...{ objects: 0, bytes: 0, indexBytes: 0, queueBytes: 0 },
  ...{ reads: 0, writes: 0, writtenBytes: 0, passedOver: 0, errors: 0 },
};

type DiskGauge =
  | "diskObjects"
  | "diskBytes"
  | "diskLimitBytes"
  | "diskIndexBytes"
  | "diskQueueBytes"
  | "diskReads"
  | "diskWrites"
  | "diskWrittenBytes"
  | "diskPassedOver"
  | "diskErrors";

/** What the metrics tell of the disk tier; undefined: there is none. `size`: what its files may take. */
export function diskGauges(counts: DiskCounts | undefined, size: number): Record<DiskGauge, number> {
  const { objects, bytes, indexBytes, queueBytes, reads, writes, writtenBytes, passedOver, errors } =
    counts ?? NO_DISK;
  return {
    diskObjects: objects,
    diskBytes: bytes,
    diskLimitBytes: counts === undefined ? 0 : size,
    diskIndexBytes: indexBytes,
    diskQueueBytes: queueBytes,
    diskReads: reads,
    diskWrites: writes,
    diskWrittenBytes: writtenBytes,
    diskPassedOver: passedOver,
    diskErrors: errors,
  };
}
