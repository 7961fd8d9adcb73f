/** Entries kept. An edge that was away for longer than they last flushes softly and goes on. */
export const KEPT_ENTRIES = 100_000;

/** Rule P2: a retry with the same purgeId within this span gets the first position again. */
export const SAME_PURGE_MS = 600_000;

// Large enough to catch up quickly, small enough that applying one batch does not hold up requests.
export const BATCH_ENTRIES = 500;

/**
 * How far beyond now (in seconds) an epoch may lie; epochs start as seconds since 1970. Ten years allow
 * for a clock that was wrong, and are far below a time in milliseconds, which is what `XADD *` writes.
 */
export const FARTHEST_EPOCH_S = 315_360_000;
