import type { DiskTrouble } from "./disk-health.ts";

/** What the metrics tell. */
export interface DiskCounts {
  readonly objects: number;
  readonly bytes: number;
  readonly indexBytes: number;
  readonly queueBytes: number;
  readonly reads: number;
  readonly readBytes: number;
  readonly writes: number;
  readonly writtenBytes: number;
  /** Frames that were not written, because the disk was too slow or took nothing. */
  readonly passedOver: number;
  /** Frames that were not as they had been written, and failures of the disk. */
  readonly errors: number;
  /** Segments that had to make room, and the responses of which nothing newer was there. */
  readonly evicted: { readonly segments: number; readonly objects: number };
  /** Milliseconds since the oldest segment was begun; 0 without one. */
  readonly oldestMs: number;
  readonly trouble: DiskTrouble | undefined;
}
