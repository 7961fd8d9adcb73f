/** @typedef {import("./fleet-event.js").LiveEdge} LiveEdge */
/** @typedef {import("./fleet-event.js").EdgeStats} EdgeStats */

/** Counters that the page makes rates of. */
const COUNTED = /** @type {const} */ ([
  "requests",
  "hits",
  "misses",
  "stale",
  "revalidated",
  "bypass",
  "errors",
  "fills",
  "bytesSent",
  "hitBytes",
]);

/** @typedef {Record<typeof COUNTED[number], number>} Counts */
/** @typedef {{ at: number, ms: number, edges: Map<string, Counts>, all: Counts }} Step */

/** What the edges counted in the last minute, by edge and by second. */
export class CounterWindow {
  constructor(windowMs = 60_000) {
    this.windowMs = windowMs;
    /** @type {Map<string, EdgeStats>} */
    this.last = new Map();
    this.lastAt = 0;
    /** @type {Step[]} */
    this.steps = [];
  }

  /** @param {number} at @param {readonly LiveEdge[]} edges */
  add(at, edges) {
    /** @type {Map<string, Counts>} */
    const counted = new Map();
    const all = noCounts();
    for (const { edge, stats } of edges) {
      if (stats === null) continue;
      const before = this.last.get(edge);
      this.last.set(edge, stats);
      if (before === undefined) continue;
      const counts = increments(before, stats);
      counted.set(edge, counts);
      for (const name of COUNTED) all[name] += counts[name];
    }
    const ms = at - this.lastAt;
    // The first event after a pause would look like a burst.
    if (this.lastAt > 0 && ms > 0 && ms < this.windowMs) this.steps.push({ at, ms, edges: counted, all });
    this.lastAt = at;
    this.steps = this.steps.filter((step) => step.at > at - this.windowMs);
  }

  /** Seconds that the window has. */
  get seconds() {
    return this.steps.reduce((sum, { ms }) => sum + ms, 0) / 1000;
  }

  /** @param {string} [edge] one edge, or all @param {number} [steps] only the latest */
  total(edge, steps) {
    const sum = noCounts();
    for (const step of steps === undefined ? this.steps : this.steps.slice(-steps)) {
      const counts = edge === undefined ? step.all : step.edges.get(edge);
      if (counts !== undefined) for (const name of COUNTED) sum[name] += counts[name];
    }
    return sum;
  }

  /** Each second of the latest few. @param {keyof Counts} name @param {string} [edge] */
  rate(name, edge) {
    const latest = this.steps.slice(-5);
    const seconds = latest.reduce((sum, { ms }) => sum + ms, 0) / 1000;
    return seconds === 0 ? undefined : this.total(edge, 5)[name] / seconds;
  }
}

/** @returns {Counts} */
function noCounts() {
  return {
    requests: 0,
    hits: 0,
    misses: 0,
    stale: 0,
    revalidated: 0,
    bypass: 0,
    errors: 0,
    fills: 0,
    bytesSent: 0,
    hitBytes: 0,
  };
}

/** An edge that has started again counts from 0. @param {EdgeStats} before @param {EdgeStats} now */
function increments(before, now) {
  const counts = noCounts();
  const isAnew = now.uptimeMs < before.uptimeMs || now.requests < before.requests;
  for (const name of COUNTED) {
    counts[name] = Math.max(0, (now[name] ?? 0) - (isAnew ? 0 : (before[name] ?? 0)));
  }
  return counts;
}
