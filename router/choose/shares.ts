import type { CandidateLoad, MeasuredPath } from "./candidate.ts";
import { isClearlyBetter, type Margins, type Timed } from "./hysteresis.ts";

/** One edge that may take requests, and its share of them. */
export interface Holding extends Timed {
  readonly measured: Pick<MeasuredPath, "pathMs" | "pathChanged">;
  readonly load: Pick<CandidateLoad, "isLoaded">;
  /** Share of this router's requests that go there first: 0 to 1. */
  readonly share: number;
}

/** The time since the last move, and the gain that is worth a move. */
export interface Pace {
  readonly elapsedMs: number;
  /** Edges have just taken over the share of a lost edge. Shares move again only after the effect shows. */
  readonly isCautious: boolean;
  readonly margins: Margins;
}

// At a gain of 100 %, half of an edge's requests leave it in a second. Edges and their queues show the effect about as
// fast. Faster moves would make one router, or a thousand routers together, oscillate between two edges.
const MOVED_PER_MS = 0.0005;

// Smaller shares move as fast as this one. Otherwise the last requests would never move.
const LEAST_MOVING = 0.1;

// Load always fluctuates: a smaller gain is not worth a move.
const LOADED_GAIN_SHARE = 0.05;
const LOADED_GAIN_MS = 2;

// When two edges are equally fast, the rest of the requests returns to the primary within half a minute.
const GATHERED_PER_MS = 0.00004;

// Smaller shares move at once, so that the move ends.
const NEGLIGIBLE = 0.003;

/**
 * Moves shares between edges. The first holding is the primary. There are two cases:
 * - Distance. A longer path concerns this router only, so an edge whose path is clearly longer loses its whole share to
 *   the primary at once. The exception: the primary was loaded recently and no path has changed. Its load may have
 *   driven these requests away, and they must not all return at once.
 * - Load. It concerns every router. While either edge was loaded recently, only a part of the requests moves to the
 *   edge with the lowest expected time, in proportion to the gain, so that the move ends as that edge fills up.
 */
export function moveShares<H extends Holding>(
  holdings: readonly H[],
  { elapsedMs, isCautious, margins }: Pace,
): H[] {
  const [primary] = holdings;
  if (primary === undefined) return [];
  const best = holdings.reduce((least, each) => (each.expectedMs < least.expectedMs ? each : least));
  const shares = new Map(holdings.map((each) => [each, each.share]));
  const move = (from: H, to: H, part: number) => {
    const left = from.share - part < NEGLIGIBLE ? 0 : from.share - part;
    shares.set(from, (shares.get(from) ?? 0) - from.share + left);
    shares.set(to, (shares.get(to) ?? 0) + from.share - left);
  };
  for (const from of holdings) {
    if (from.share === 0) continue;
    const isFarther = isClearlyBetter(primary, { ...from, expectedMs: from.measured.pathMs }, margins);
    const isPathChange =
      !isCautious && (!primary.load.isLoaded || primary.measured.pathChanged || from.measured.pathChanged);
    if (from !== primary && isFarther && isPathChange) move(from, primary, from.share);
    else if (from !== best && (isCautious || from.load.isLoaded || best.load.isLoaded)) {
      const part = partForLoad(from, best) * elapsedMs;
      if (part > 0) move(from, best, part);
    } else if (from !== primary && !from.load.isLoaded && !primary.load.isLoaded) {
      const isWorse = isClearlyBetter(primary, from, margins);
      move(from, primary, isWorse ? from.share : GATHERED_PER_MS * elapsedMs);
    }
  }
  return holdings.map((each) => ({ ...each, share: shares.get(each) ?? 0 }));
}

/** The part of all requests that moves from one edge to the other per millisecond. */
function partForLoad(from: Holding, to: Holding): number {
  const gain = from.expectedMs - to.expectedMs;
  if (gain < LOADED_GAIN_MS || gain < from.expectedMs * LOADED_GAIN_SHARE) return 0;
  return Math.max(from.share, LEAST_MOVING) * MOVED_PER_MS * Math.min(1, gain / to.expectedMs);
}
