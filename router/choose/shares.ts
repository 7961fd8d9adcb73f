import { isClearlyBetter, type Margins, type Timed } from "./hysteresis.ts";

/** One edge that may take requests, and what this router sends there. */
export interface Holding extends Timed {
  /** What the way there takes of the expected time, without load. */
  readonly wayMs: number;
  /** It has been loaded lately. */
  readonly isLoaded: boolean;
  /** The way there has just become another one. */
  readonly hasNewWay: boolean;
  /** Share of this router's requests that begin there: 0 to 1. */
  readonly share: number;
}

/** How much time has passed, and what is worth a move. */
export interface Pace {
  readonly elapsedMs: number;
  /** Edges have just taken over what another one held: what that does to them must show before it moves on. */
  readonly isWary: boolean;
  readonly margins: Margins;
}

// At a gain of 100 % half of an edge's requests leave it in a second. That is as fast as edges and their queues show
// the consequences; a router that moved faster would swing between two edges, and a thousand routers with it.
const MOVED_PER_MS = 0.0005;

// A small share leaves as fast as this one, or the last requests would never.
const LEAST_MOVING = 0.1;

// Load is never even: less of a gain is not worth a move.
const LOADED_GAIN_SHARE = 0.05;
const LOADED_GAIN_MS = 2;

// What is left behind where nothing is gained by moving goes home within half a minute.
const GATHERED_PER_MS = 0.00004;

// Smaller holdings go at once: a tail that never ends helps nobody.
const NEGLIGIBLE = 0.003;

/**
 * Moves shares, of which the first holding is at home. A longer way concerns this router alone: what is clearly
 * farther than home is left at once, unless home has been loaded lately and no way is new: then requests may be
 * coming back that its load has driven away. Load concerns every router: as long as either edge has been loaded
 * lately, only a part of the requests per time goes to the one with the least expected time, in proportion to the
 * gain, so that a move ends as that one fills up.
 */
export function moveShares<H extends Holding>(
  holdings: readonly H[],
  { elapsedMs, isWary, margins }: Pace,
): H[] {
  const [home] = holdings;
  if (home === undefined) return [];
  const best = holdings.reduce((least, each) => (each.expectedMs < least.expectedMs ? each : least));
  const shares = new Map(holdings.map((each) => [each, each.share]));
  const move = (from: H, to: H, part: number) => {
    const left = from.share - part < NEGLIGIBLE ? 0 : from.share - part;
    shares.set(from, (shares.get(from) ?? 0) - from.share + left);
    shares.set(to, (shares.get(to) ?? 0) + from.share - left);
  };
  for (const from of holdings) {
    if (from.share === 0) continue;
    const isFarther = isClearlyBetter(home, { ...from, expectedMs: from.wayMs }, margins);
    const isRouteChange = !isWary && (!home.isLoaded || home.hasNewWay || from.hasNewWay);
    if (from !== home && isFarther && isRouteChange) move(from, home, from.share);
    else if (from !== best && (isWary || from.isLoaded || best.isLoaded)) {
      const part = partForLoad(from, best) * elapsedMs;
      if (part > 0) move(from, best, part);
    } else if (from !== home && !from.isLoaded && !home.isLoaded) {
      const isWorse = isClearlyBetter(home, from, margins);
      move(from, home, isWorse ? from.share : GATHERED_PER_MS * elapsedMs);
    }
  }
  return holdings.map((each) => ({ ...each, share: shares.get(each) ?? 0 }));
}

/** Which part of all requests goes from one to the other in a millisecond. */
function partForLoad(from: Holding, to: Holding): number {
  const gain = from.expectedMs - to.expectedMs;
  if (gain < LOADED_GAIN_MS || gain < from.expectedMs * LOADED_GAIN_SHARE) return 0;
  return Math.max(from.share, LEAST_MOVING) * MOVED_PER_MS * Math.min(1, gain / to.expectedMs);
}
