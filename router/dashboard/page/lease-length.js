/** @typedef {import("./fleet-event.js").LiveEdge} LiveEdge */

/** By edge, the most that was left of its lease since the page was opened: a heartbeat makes it whole. @type {Map<string, number>} */
const longest = new Map();

/**
 * How long the lease of an edge is, in milliseconds, as far as the page has seen it.
 * @param {Pick<LiveEdge, "edge" | "leaseLeftMs">} edge
 */
export function leaseLength({ edge, leaseLeftMs }) {
  const length = Math.max(longest.get(edge) ?? 1, leaseLeftMs ?? 0);
  longest.set(edge, length);
  return length;
}
