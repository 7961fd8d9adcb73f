/** Entries kept. An edge that was away for longer than they last flushes softly and goes on. */
export const KEPT_ENTRIES = 100_000;

/** Rule P2: a retry with the same purgeId within this span gets the first position again. */
export const SAME_PURGE_MS = 600_000;

// Large enough to catch up quickly, small enough that applying one batch does not hold up requests.
export const BATCH_ENTRIES = 500;

/**
 * How far beyond now an epoch may lie, in microseconds, of which epochs are made. Ten years allow for a clock that
 * was wrong, and leave room below 2^53, up to which numbers are exact in Lua as in JavaScript, until the year 2245.
 */
export const FARTHEST_EPOCH_US = 315_360_000_000_000;

/** Counts of removed responses that the log keeps of each edge, for lists of purges. */
export const KEPT_COUNTS = 64;
