import { outcomeOf } from "./outcome-sign.js";

/** @typedef {import("./fleet-event.js").SeenRequest} SeenRequest */
/** @typedef {import("./outcome-sign.js").Outcome} Outcome */
/** @typedef {{ at: number, edge: string, outcome: Outcome, durationMs: number, bytes: number }} Sample */
/** @typedef {import("./counter-window.js").Counts} Counts */

// A minute of the 120 a second that an edge shows at most, for a handful of edges.
const MOST_SAMPLES = 20_000;

/**
 * Requests of the last minute. An edge shows more of the misses than of the hits, so each sample stands for as many
 * requests as the counters say that there were of its outcome.
 */
export class SampledRequests {
  constructor(windowMs = 60_000) {
    this.windowMs = windowMs;
    /** @type {Sample[]} */
    this.samples = [];
  }

  /** @param {number} at @param {string} edge @param {readonly SeenRequest[]} requests */
  add(at, edge, requests) {
    for (const { outcome, durationMs, bytes } of requests) {
      this.samples.push({ at, edge, outcome: outcomeOf(outcome), durationMs, bytes });
    }
    this.forget(at);
  }

  /** @param {number} now */
  forget(now) {
    const from = this.samples.findIndex(({ at }) => at > now - this.windowMs);
    if (from === -1) this.samples = [];
    else this.samples = this.samples.slice(Math.max(from, this.samples.length - MOST_SAMPLES));
  }

  /** @param {string} edge @param {Counts} counts of that edge @returns {{ p50Ms: number, p90Ms: number, p99Ms: number } | undefined} */
  percentiles(edge, counts) {
    const ours = this.samples.filter((sample) => sample.edge === edge);
    if (ours.length === 0) return undefined;
    const weights = weightOf(ours, counts);
    const sorted = ours.toSorted((a, b) => a.durationMs - b.durationMs);
    const total = sorted.reduce((sum, { outcome }) => sum + weights[outcome], 0);
    const quantile = (/** @type {number} */ share) => {
      let below = 0;
      for (const { outcome, durationMs } of sorted) {
        below += weights[outcome];
        if (below >= share * total) return durationMs;
      }
      return sorted.at(-1)?.durationMs ?? 0;
    };
    return { p50Ms: quantile(0.5), p90Ms: quantile(0.9), p99Ms: quantile(0.99) };
  }

  /** Share of the bytes that the caches sent themselves. @param {Counts} counts of all edges */
  byteHitRatio(counts) {
    const weights = weightOf(this.samples, counts);
    let all = 0;
    let own = 0;
    for (const { outcome, bytes } of this.samples) {
      const weighted = bytes * weights[outcome];
      all += weighted;
      if (outcome === "hit" || outcome === "stale" || outcome === "revalidated") own += weighted;
    }
    return all === 0 ? undefined : own / all;
  }
}

/** @param {readonly Sample[]} samples @param {Counts} counts @returns {Record<Outcome, number>} */
function weightOf(samples, counts) {
  const seen = { hit: 0, miss: 0, stale: 0, revalidated: 0, bypass: 0, error: 0 };
  for (const { outcome } of samples) seen[outcome] += 1;
  const weight = (/** @type {number} */ counted, /** @type {number} */ sampled) =>
    sampled === 0 ? 0 : Math.max(counted, sampled) / sampled;
  return {
    hit: weight(counts.hits, seen.hit),
    miss: weight(counts.misses, seen.miss),
    stale: weight(counts.stale, seen.stale),
    revalidated: weight(counts.revalidated, seen.revalidated),
    bypass: weight(counts.bypass, seen.bypass),
    error: weight(counts.errors, seen.error),
  };
}
