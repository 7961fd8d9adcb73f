import type { Priority } from "./priority.ts";

/** As much of a stream as its turn depends on. */
export interface Waiting {
  readonly id: number;
  readonly priority: Priority;
  /** Whether it has something to write that its window allows. */
  readonly sendable: boolean;
}

/**
 * RFC 9218 section 10: which stream sends next. The most urgent ones go first. Among these, answers that are of use only
 * whole go one after the other, in the order of their requests; they take turns with those that are of use in parts.
 * `waiting`: the one whose last turn is longest ago first.
 */
export function nextStream<S extends Waiting>(waiting: Iterable<S>): S | undefined {
  let best: S | undefined;
  let firstWhole: S | undefined;
  for (const stream of waiting) {
    if (!stream.sendable) continue;
    const { urgency, incremental } = stream.priority;
    if (best !== undefined && urgency > best.priority.urgency) continue;
    if (best === undefined || urgency < best.priority.urgency) {
      best = stream;
      firstWhole = undefined;
    }
    if (!incremental && (firstWhole === undefined || stream.id < firstWhole.id)) firstWhole = stream;
  }
  // It is the turn of the whole ones: of these, the first.
  return best?.priority.incremental === false ? firstWhole : best;
}
