import type { AliveHealth, EdgeHealth } from "./edge-health.ts";
import type { EdgeState } from "./ping-reply.ts";

/** One edge as the choice sees it. */
export interface Candidate {
  readonly health: EdgeHealth;
  /** A request has failed there so recently that others should be tried first. */
  readonly suspect: boolean;
}

// A lapsed edge still answers, from the origin; a draining one is about to close its connections.
const STATE_RANK: Readonly<Record<EdgeState, number>> = { serving: 0, lapsed: 1, draining: 2 };

/**
 * The edges to try, in order: serving before lapsed before draining; among those of one state the ones
 * nobody suspects first; then the lowest smoothed round-trip time; then the id, so that equals do not flap.
 * Edges that are dead or not measured yet are left out.
 */
export function pickEdges<C extends Candidate>(candidates: readonly C[]): readonly C[] {
  const alive: { candidate: C; health: AliveHealth }[] = [];
  for (const candidate of candidates) {
    if (candidate.health.kind === "alive") alive.push({ candidate, health: candidate.health });
  }
  alive.sort(
    (a, b) =>
      STATE_RANK[a.health.report.state] - STATE_RANK[b.health.report.state] ||
      Number(a.candidate.suspect) - Number(b.candidate.suspect) ||
      a.health.roundTrip.smoothedMs - b.health.roundTrip.smoothedMs ||
      compareText(a.health.report.edge, b.health.report.edge),
  );
  return alive.map(({ candidate }) => candidate);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
