import { kindOf, waitedForOrigin } from "./outcome.js";

/** @typedef {import("./observe.js").Observation} Observation */

/** What the edges spared the origin and this visitor, of all that this page has seen. */
export class Saved {
  requests = 0;
  /** Requests for which the origin was not asked. */
  spared = 0;
  bytes = 0;
  ms = 0;
  /** How long a path took when the origin was asked, in milliseconds. @type {Map<string, number>} */
  #waited = new Map();

  note(/** @type {Observation} */ seen) {
    const kind = kindOf(seen);
    // No edge was asked, or none says what it did.
    if (kind === "local" || kind === "unknown") return;
    this.requests += 1;
    const isShared = seen.cacheStatus?.collapsed === true;
    if (waitedForOrigin(seen) && !isShared) {
      // 304 Not Modified has no body: the bytes came from the edge.
      if (kind === "revalidated") this.bytes += seen.bytes ?? 0;
      if (seen.ms !== undefined && kind !== "revalidated") this.#waited.set(seen.path, seen.ms);
      return;
    }
    // Behind a stale response the origin is asked, or it has been and failed.
    if (kind !== "stale") this.spared += 1;
    this.bytes += seen.bytes ?? 0;
    const before = this.#waited.get(seen.path);
    if (!isShared && before !== undefined && seen.ms !== undefined) this.ms += Math.max(0, before - seen.ms);
  }
}

export function bytesText(/** @type {number} */ bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
