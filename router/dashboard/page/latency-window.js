/** @typedef {import("./fleet-event.js").Percentiles} Percentiles */
/** @typedef {import("./fleet-event.js").Histogram} Histogram */
/** @typedef {{ at: number, counts: readonly number[] }} Report */

/** How long answers took in the last minute, by edge: edges count since their start, in buckets. */
export class LatencyWindow {
  constructor(windowMs = 60_000) {
    this.windowMs = windowMs;
    /** @type {Map<string, Report[]>} */
    this.reports = new Map();
  }

  /** @param {number} at @param {string} edge @param {Histogram} waits @returns {Percentiles | undefined} */
  add(at, edge, { boundsMs, counts }) {
    const known = this.reports.get(edge) ?? [];
    const last = known.at(-1);
    // One that has started again counts from 0.
    const isAnew = last?.counts.some((count, bucket) => count > (counts[bucket] ?? 0)) ?? false;
    // The last report before the window is where the window begins.
    const from = known.findLastIndex((report) => report.at <= at - this.windowMs);
    const kept = isAnew ? [] : known.slice(Math.max(0, from));
    this.reports.set(edge, [...kept, { at, counts }]);
    const [first] = kept;
    const before = first?.counts ?? (isAnew ? [] : counts);
    return percentiles(
      boundsMs,
      counts.map((count, bucket) => count - (before[bucket] ?? 0)),
    );
  }
}

/** @param {readonly number[]} boundsMs @param {readonly number[]} counts @returns {Percentiles | undefined} */
function percentiles(boundsMs, counts) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const quantile = (/** @type {number} */ share) => {
    let below = 0;
    for (const [bucket, count] of counts.entries()) {
      const from = boundsMs[bucket - 1] ?? 0;
      // Nothing is known of what is slower than the last bound.
      const to = boundsMs[bucket] ?? from;
      if (below + count >= share * total) return from + ((to - from) * (share * total - below)) / count;
      below += count;
    }
    return boundsMs.at(-1) ?? 0;
  };
  return { p50Ms: quantile(0.5), p90Ms: quantile(0.9), p99Ms: quantile(0.99) };
}
