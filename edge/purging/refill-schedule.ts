import { RefillQueue, type Waiting } from "./refill-queue.ts";

// Half of the concurrent validations of a site (rule E2). The other half stays free for clients.
const MOST_IN_FLIGHT = 16;

// An origin that fails gets no refetch for this long, and twice as long after each further failure.
const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 60_000;

/** The refill of one site: its queue, its requests in flight, the health of its origin. Times are monotonic. */
export class RefillLane {
  readonly queue = new RefillQueue();
  #inFlight = 0;
  /** Consecutive failures. Failures of concurrent requests count once. */
  #failures = 0;
  #restsUntil = Number.NEGATIVE_INFINITY;

  /** Milliseconds until the next request to the origin is allowed. Undefined: only after a request in flight has ended. */
  restMs(now: number): number | undefined {
    // After a rest, one request shows whether the origin has recovered.
    if (this.#inFlight >= (this.#failures === 0 ? MOST_IN_FLIGHT : 1)) return undefined;
    return Math.max(0, this.#restsUntil - now);
  }

  started(): void {
    this.#inFlight += 1;
  }

  answered(): void {
    this.#inFlight -= 1;
    this.#failures = 0;
  }

  failed(now: number): void {
    this.#inFlight -= 1;
    if (now < this.#restsUntil) return;
    this.#restsUntil = now + Math.min(FIRST_REST_MS * 2 ** this.#failures, LONGEST_REST_MS);
    this.#failures += 1;
  }
}

/** The next step of the refill. */
export type Turn =
  | { readonly kind: "ask"; readonly site: string; readonly lane: RefillLane; readonly entry: Waiting }
  /** Decide again after this many milliseconds. */
  | { readonly kind: "wait"; readonly ms: number }
  /** Nothing waits. */
  | { readonly kind: "done" };

/** Inputs of the next step, besides the queues. Times are monotonic milliseconds. */
export interface Moment {
  readonly now: number;
  /** When the last request was made; undefined when there was none. */
  readonly lastAskedAt: number | undefined;
  /** Whether the edge holds its lease. */
  readonly leased: boolean;
  /** Whether a validation at this site would start at once. */
  readonly hasRoom: (site: string) => boolean;
}

// The period of heartbeats: a lease cannot return sooner.
const LAPSED_LOOK_MS = 250;

/**
 * Decides which response is refetched next, and when: the most used one whose origin is healthy and has room, and no
 * sooner after the last one than the slowest pace allows. Missed turns are not made up for, so that no second has more
 * requests than the pace.
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
    const entry = lane.queue.mostUsed();
    if (entry === undefined) continue;
    const rest = hasRoom(site) ? lane.restMs(now) : undefined;
    if (rest !== 0) ms = Math.min(ms, rest ?? gap);
    else if (best === undefined || entry.uses > best.entry.uses) best = { kind: "ask", site, lane, entry };
  }
  return best ?? { kind: "wait", ms };
}
