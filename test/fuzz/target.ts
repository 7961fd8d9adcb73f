import fc from "fast-check";

/** How often a target is tried, and with which inputs. */
export interface FuzzRun {
  readonly runs: number;
  /** The same seed tries the same inputs. */
  readonly seed: number;
}

/** A parser of untrusted input, to be fuzzed. */
export interface FuzzTarget {
  readonly name: string;
  /** Throws with the smallest input that breaks a rule, its seed and its path. */
  readonly try: (run: FuzzRun) => void;
}

/**
 * `check` throws when the reader breaks a rule; a reader that throws what it may not throw breaks one. `cost`: how
 * many times as long one input takes as with the other readers; it gets so many times fewer.
 */
export function target<T>(
  name: string,
  inputs: fc.Arbitrary<T>,
  check: (input: T) => void,
  cost = 1,
): FuzzTarget {
  return {
    name,
    try: ({ runs, seed }) => fc.assert(fc.property(inputs, check), { numRuns: Math.ceil(runs / cost), seed }),
  };
}
