/** Entries kept. An edge that was away for longer than they last flushes softly and goes on. */
export const KEPT_ENTRIES = 100_000;

/**
 * Bytes of them that are kept in Redis. KEPT_ENTRIES of the usual size, some hundred bytes, are a fifth of it. It is for
 * the largest ones: 1,000 calls of 1,000 targets are about 100 MB, and an edge that was away meanwhile can still follow.
 */
export const KEPT_BYTES = 128 * 1024 * 1024;

/** The same of a log inside one process, beside its cache. There, an entry takes about three times its text. */
export const KEPT_CHARACTERS = 16 * 1024 * 1024;

/** Rule P2: a retry with the same purgeId within this span gets the first position again. */
export const SAME_PURGE_MS = 600_000;

/**
 * Bytes of the ids that a log inside one process knows again, about twice what its entries' text may take. That is some
 * 44,000 purges: 70 a second for SAME_PURGE_MS. When there are more, the oldest ids are forgotten sooner, and a late
 * retry purges twice. That removes too much at worst, and never leaves anything old.
 */
export const KNOWN_PURGES_BYTES = 32 * 1024 * 1024;

/**
 * Entries that a follower gets at a time. An entry has at most 256 KiB, and the largest call makes one of about 100 KiB,
 * so a batch is about 2 MB and never above 4 MiB, however long the backlog is. A read takes about as long as 16 short
 * entries do, so more at a time would hardly be faster.
 */
export const BATCH_ENTRIES = 16;

/**
 * How far beyond now an epoch may lie, in microseconds, of which epochs are made. Ten years allow for a clock that
 * was wrong, and leave room below 2^53, up to which numbers are exact in Lua as in JavaScript, until the year 2245.
 */
export const FARTHEST_EPOCH_US = 315_360_000_000_000;

/** Counts of removed responses that the log keeps of each edge, for lists of purges. */
export const KEPT_COUNTS = 64;
