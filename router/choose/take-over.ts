/** What a router sends to one edge. */
interface Held {
  readonly expectedMs: number;
  /** Share of its requests that begin there: 0 to 1. */
  readonly share: number;
}

// An edge that takes twice as long takes over a quarter as much.
const POWER = 2;

// By then those that have taken over have reported what that did to them.
const WARY_MS = 3000;

/** Gives what was held by edges that are lost to those that are left, most of it to the fastest. */
export function takeOver<H extends Held>(takers: readonly H[], left: number): H[] {
  const weights = takers.map(weight);
  const all = weights.reduce((sum, each) => sum + each, 0);
  return takers.map((each, at) => ({ ...each, share: each.share + (left * (weights[at] ?? 0)) / all }));
}

/** One of them, as often as it would take over; `draw` is uniform in [0, 1). Undefined when there is none. */
export function drawTaker<H extends Held>(takers: readonly H[], draw: number): H | undefined {
  let left = draw * takers.reduce((sum, each) => sum + weight(each), 0);
  return takers.find((each) => {
    left -= weight(each);
    return left < 0;
  });
}

/** What takes less than a millisecond is as fast as that. */
function weight({ expectedMs }: Held): number {
  return 1 / Math.max(1, expectedMs) ** POWER;
}

/** Whether shares still move slowly, because edges have taken over what another one held. */
export function isWary(takenOverAt: number | undefined, now: number): boolean {
  return takenOverAt !== undefined && now - takenOverAt < WARY_MS;
}
