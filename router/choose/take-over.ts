/** An edge and its share of a router's requests. */
interface Held {
  readonly expectedMs: number;
  /** Share of its requests that go there first: 0 to 1. */
  readonly share: number;
}

// An edge with twice the expected time takes over a quarter as much.
const POWER = 2;

// By then the heirs have reported the effect of the new requests.
const CAUTIOUS_MS = 3000;

/** Distributes `left`, the share of lost edges, over the remaining edges. The fastest one gets the most. */
export function takeOver<H extends Held>(heirs: readonly H[], left: number): H[] {
  const weights = heirs.map(weight);
  const all = weights.reduce((sum, each) => sum + each, 0);
  return heirs.map((each, at) => ({ ...each, share: each.share + (left * (weights[at] ?? 0)) / all }));
}

/** Draws one heir, with the same weights. `draw` is uniform in [0, 1). Undefined when there is no heir. */
export function drawHeir<H extends Held>(heirs: readonly H[], draw: number): H | undefined {
  let left = draw * heirs.reduce((sum, each) => sum + weight(each), 0);
  return heirs.find((each) => {
    left -= weight(each);
    return left < 0;
  });
}

/** Edges below a millisecond count as equally fast. */
function weight({ expectedMs }: Held): number {
  return 1 / Math.max(1, expectedMs) ** POWER;
}

/** Whether shares still move slowly, because edges have just inherited the share of a lost one. */
export function isCautious(takenOverAt: number | undefined, now: number): boolean {
  return takenOverAt !== undefined && now - takenOverAt < CAUTIOUS_MS;
}
