import type { RefillLane } from "./refill-lane.ts";
import type { Waiting } from "./refill-queue.ts";

/** What the refill does next. */
export type Turn =
  | { readonly kind: "ask"; readonly site: string; readonly lane: RefillLane; readonly entry: Waiting }
  /** Looks again after so many milliseconds. */
  | { readonly kind: "wait"; readonly ms: number }
  /** Nothing waits. */
  | { readonly kind: "done" };

/** What decides it beside what waits. Times are monotonic milliseconds. */
export interface Moment {
  readonly now: number;
  /** When the last request was made; undefined when there was none. */
  readonly lastAskedAt: number | undefined;
  /** Whether the edge holds its lease. */
  readonly leased: boolean;
  /** Whether a validation at this site would go on at once. */
  readonly hasRoom: (site: string) => boolean;
}

// How soon a lease that has come back is seen: a heartbeat.
const LAPSED_LOOK_MS = 250;

/**
 * Which response is asked for next, and when: the hottest of those whose origin is well and has room, no sooner after
 * the last than the slowest pace allows. What was missed is not made up for, so that no second holds more requests
 * than the pace.
 */
export function nextTurn(
  lanes: ReadonlyMap<string, RefillLane>,
  { now, lastAskedAt, leased, hasRoom }: Moment,
): Turn {
  const paces = [...lanes.values()].flatMap(({ queue }) => queue.pace ?? []);
  if (paces.length === 0) return { kind: "done" };
  // Rule E7: without its lease the edge does not know what else has been purged.
  if (!leased) return { kind: "wait", ms: LAPSED_LOOK_MS };
  const gap = 1_000 / Math.min(...paces);
  const early = lastAskedAt === undefined ? 0 : lastAskedAt + gap - now;
  if (early > 0) return { kind: "wait", ms: early };
  let best: Extract<Turn, { kind: "ask" }> | undefined;
  let ms = Number.POSITIVE_INFINITY;
  for (const [site, lane] of lanes) {
    const entry = lane.queue.hottest();
    if (entry === undefined) continue;
    const rest = hasRoom(site) ? lane.restMs(now) : undefined;
    if (rest !== 0) ms = Math.min(ms, rest ?? gap);
    else if (best === undefined || entry.heat > best.entry.heat) best = { kind: "ask", site, lane, entry };
  }
  return best ?? { kind: "wait", ms };
}
