/** The queue at one edge, as its Pings show it. Instants are monotonic milliseconds. */
export interface Queueing {
  /** The latest round trips on the current path, oldest first. */
  readonly samples: readonly { readonly at: number; readonly ms: number }[];
  /** The least of them: the round trip without a queue. */
  readonly baseRttMs: number;
  /** The time that a Ping waits beyond that, smoothed. */
  readonly waitMs: number;
  /** Growth of the wait, in milliseconds per millisecond: -1 while a queue is worked off. */
  readonly trend: number;
  /** Until when it counts as loaded. */
  readonly loadedUntil: number;
  /** When the path last changed; undefined when it never did. */
  readonly steppedAt: number | undefined;
}

// 10 s of Pings: within that time even a busy edge has a moment without a queue.
const BASE_SAMPLES = 40;

// The fewest that show a direction. More would show it later, and routers that follow late oscillate.
const TREND_SAMPLES = 3;

const WAIT_ALPHA = 0.3;

// A queue of a second is worked off in a second. It grows at most as fast as four times the capacity arrives.
const STEEPEST_FALL = -1;
const STEEPEST_RISE = 3;

// Above it, a mean delay of the event loop is not explained by other programs on the machine.
const LOADED_DELAY_MS = 15;

// Between two bursts of load, an edge must not look calm.
const CALM_AFTER_MS = 10_000;

/** One Ping. */
export interface QueueSample {
  readonly ms: number;
  readonly at: number;
  /** The number of samples that have just shown a new path; else 0. */
  readonly steppedBy: number;
  /** As the edge reports it. */
  readonly eventLoopDelayMs: number;
}

export function noteQueue(before: Queueing | undefined, sample: QueueSample): Queueing {
  const { ms, at, steppedBy, eventLoopDelayMs } = sample;
  const all = [...(before?.samples ?? []), { at, ms }];
  const samples = all.slice(-(steppedBy > 0 ? steppedBy : BASE_SAMPLES));
  const baseRttMs = samples.reduce((least, each) => Math.min(least, each.ms), ms);
  const waitBefore = steppedBy > 0 ? 0 : (before?.waitMs ?? 0);
  return {
    samples,
    baseRttMs,
    waitMs: waitBefore + WAIT_ALPHA * (ms - baseRttMs - waitBefore),
    trend: slopeOf(samples.slice(-TREND_SAMPLES)),
    loadedUntil: eventLoopDelayMs >= LOADED_DELAY_MS ? at + CALM_AFTER_MS : (before?.loadedUntil ?? at),
    steppedAt: steppedBy > 0 ? at : before?.steppedAt,
  };
}

/** By least squares. */
function slopeOf(samples: Queueing["samples"]): number {
  const meanAt = mean(samples.map(({ at }) => at));
  const meanMs = mean(samples.map(({ ms }) => ms));
  let together = 0;
  let alone = 0;
  for (const { at, ms } of samples) {
    together += (at - meanAt) * (ms - meanMs);
    alone += (at - meanAt) ** 2;
  }
  return alone === 0 ? 0 : Math.min(STEEPEST_RISE, Math.max(STEEPEST_FALL, together / alone));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/** Whether it has been loaded lately. */
export function isLoaded({ loadedUntil }: Queueing, now: number): boolean {
  return now < loadedUntil;
}

// As long as routers take to follow, and too short for a queue to build up from it.
const PATH_CHANGED_MS = 2000;

/** Whether the path has just changed. */
export function pathChanged({ steppedAt }: Queueing, now: number): boolean {
  return steppedAt !== undefined && now - steppedAt < PATH_CHANGED_MS;
}

// Below it, a queue and its trend are noise.
const QUEUE_MS = 10;

/**
 * The wait of a request `lookaheadMs` from now, when the next move of shares has its effect. Routers that use the
 * queue of this moment all move too much and too late, and oscillate.
 */
export function queueMs({ waitMs, trend }: Queueing, lookaheadMs: number): number {
  return Math.max(0, waitMs + (waitMs > QUEUE_MS ? lookaheadMs * trend : 0));
}
