/**
 * What the application behind the demo site tells of the system around it.
 * @typedef {{ dashboard: string, edges: { edge: string, state: string, rttMs: number | null }[] }} View
 */

/** The edges as the router measures them: those that have answered, and where the demo tells of them, all. */
export class EdgesView {
  /** The page for operators; undefined where no application stands behind this site. @type {string | undefined} */
  dashboard = undefined;
  /** @type {Map<string, { state: string, rtt: number | undefined }>} */
  #edges = new Map();

  /**
   * Of an answer.
   * @param {string | undefined} edge
   * @param {number | undefined} rtt in milliseconds
   */
  note(edge, rtt) {
    if (edge !== undefined && rtt !== undefined) this.#edges.set(edge, { state: "serving", rtt });
  }

  /** Asks how far away the edges are now. Resolves with whether somebody knows. */
  async look() {
    const answer = await fetch("/demo/view").catch(() => undefined);
    if (answer?.ok !== true) return false;
    /** @type {View} */
    const { dashboard, edges } = await answer.json();
    this.dashboard = dashboard;
    for (const { edge, state, rttMs } of edges) this.#edges.set(edge, { state, rtt: rttMs ?? undefined });
    return true;
  }

  /** What stands beside an edge's name. @returns {string[]} */
  notesOf(/** @type {string} */ edge) {
    const known = this.#edges.get(edge);
    if (known === undefined) return [];
    if (known.state !== "serving") return [known.state];
    if (known.rtt === undefined) return [];
    // Of a far edge the tenths say nothing, and would not fit.
    return [`RTT ${known.rtt.toFixed(known.rtt < 100 ? 1 : 0)} ms`];
  }
}
