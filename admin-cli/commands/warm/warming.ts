import type { Clock } from "../../../process/clock.ts";
import type { Warmed } from "./warm-edge.ts";

/** How often each outcome came at one edge. */
export interface Tally {
  readonly edge: string;
  hits: number;
  stored: number;
  notStored: number;
  errors: number;
}

/** How fast one edge is asked. */
export interface Pace {
  /** Requests under way at once. */
  readonly concurrency: number;
  /** Requests a second. */
  readonly rate: number;
}

/**
 * Asks one edge for each URL, in their order, no faster than the pace. Ends early when `signal` aborts. `told` hears of each
 * outcome.
 */
export async function warm(
  edge: string,
  urls: readonly string[],
  { concurrency, rate }: Pace,
  { ask, told, clock, signal }: Warming,
): Promise<Tally> {
  const tally: Tally = { edge, hits: 0, stored: 0, notStored: 0, errors: 0 };
  const began = clock.monotonic();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let turn = next++; !signal.aborted; turn = next++) {
      const url = urls[turn];
      if (url === undefined) return;
      const early = began + (turn * 1000) / rate - clock.monotonic();
      if (early > 0 && !(await waited(clock, early, signal))) return;
      const warmed = await ask(url, signal);
      // A request that the user has cut says nothing.
      if (signal.aborted) return;
      count(tally, warmed);
      told(url, warmed);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return tally;
}

export interface Warming {
  readonly ask: (url: string, signal: AbortSignal) => Promise<Warmed>;
  readonly told: (url: string, warmed: Warmed) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

function count(tally: Tally, { kind }: Warmed): void {
  switch (kind) {
    case "hit":
      tally.hits++;
      return;
    case "stored":
      tally.stored++;
      return;
    case "not-stored":
      tally.notStored++;
      return;
    case "error":
      tally.errors++;
      return;
  }
}

/** False when `signal` aborted first. */
async function waited(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.wait(ms, signal);
    return true;
  } catch (thrown) {
    if (signal.aborted) return false;
    throw thrown;
  }
}
