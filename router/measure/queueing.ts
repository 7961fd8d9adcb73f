/** The queue at one edge, measured by Pings. Instants are monotonic milliseconds. */
export interface Queueing {
  /** The latest round trips on the current path, oldest first. */
  readonly samples: readonly { readonly at: number; readonly ms: number }[];
  /** Their minimum: the round trip without a queue. */
  readonly baseRttMs: number;
  /** The smoothed time that Pings wait beyond that minimum. */
  readonly waitMs: number;
  /** Growth of the wait, in milliseconds per millisecond: -1 while a queue drains at full speed. */
  readonly trend: number;
  /** The end of the time in which the edge counts as loaded. */
  readonly loadedUntil: number;
  /** When the path last changed; undefined when it never did. */
  readonly steppedAt: number | undefined;
}

// 10 s of Pings: even a busy edge has a moment without a queue in that time.
const BASE_SAMPLES = 40;

// The fewest samples that show a trend. More would show it later, and routers that react late oscillate.
const TREND_SAMPLES = 3;

const WAIT_ALPHA = 0.3;

// The lower bound: a queue of one second drains in one second. The upper bound: four times the capacity arrives.
const STEEPEST_FALL = -1;
const STEEPEST_RISE = 3;

// Other programs on the machine do not explain a higher mean delay of the event loop.
const LOADED_DELAY_MS = 15;

// An edge must not look idle between two bursts of load.
const CALM_AFTER_MS = 10_000;

/** One Ping. */
export interface QueueSample {
  readonly ms: number;
  readonly at: number;
  /** The number of samples that confirmed a new path just now; else 0. */
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

/** Whether the edge was loaded recently. */
export function isLoaded({ loadedUntil }: Queueing, now: number): boolean {
  return now < loadedUntil;
}

// The time that routers need to follow, and too short for a queue to build up.
const PATH_CHANGED_MS = 2000;

/** Whether the path has just changed. */
export function pathChanged({ steppedAt }: Queueing, now: number): boolean {
  return steppedAt !== undefined && now - steppedAt < PATH_CHANGED_MS;
}

// Below it, a queue and its trend are noise.
const QUEUE_MS = 10;

/**
 * The wait of a request `lookaheadMs` from now, when the next move of shares takes effect. Routers that use the
 * current queue move too much and too late, and oscillate.
 */
export function queueMs({ waitMs, trend }: Queueing, lookaheadMs: number): number {
  return Math.max(0, waitMs + (waitMs > QUEUE_MS ? lookaheadMs * trend : 0));
}
