/** What the Pings of one edge say of the queue at its end. Instants are monotonic milliseconds. */
export interface Queueing {
  /** The latest round trips on the present way, oldest first. */
  readonly samples: readonly { readonly at: number; readonly ms: number }[];
  /** The least of them: the way without a queue. */
  readonly baseRttMs: number;
  /** What a Ping waits besides, smoothed. */
  readonly waitMs: number;
  /** Milliseconds by which the wait grows per millisecond: -1 while a queue is worked off. */
  readonly trend: number;
  /** Until when it counts as loaded. */
  readonly loadedUntil: number;
  /** When the way was last found to be another one; undefined when it never was. */
  readonly steppedAt: number | undefined;
}

// 10 s: in so long even a busy edge has a moment without a queue.
const BASE_SAMPLES = 40;

// As few as show a direction: more would be later, and what comes late makes routers swing.
const TREND_SAMPLES = 3;

const WAIT_ALPHA = 0.3;

// A queue is worked off in the time that it lasts, and builds up no faster than work for four arrives.
const STEEPEST_FALL = -1;
const STEEPEST_RISE = 3;

// A mean delay of the event loop that is no longer the work of one machine with others on it.
const LOADED_DELAY_MS = 15;

// Load that comes and goes must not look like a calm edge in between.
const CALM_AFTER_MS = 10_000;

/** What a new sample is judged by. */
export interface QueueSample {
  readonly ms: number;
  readonly at: number;
  /** The way has just been found to be another one, by so many samples. */
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

// As long as routers take to follow, and not long enough for a queue to have come of it.
const PATH_CHANGED_MS = 2000;

/** Whether the way there has just become another one. */
export function pathChanged({ steppedAt }: Queueing, now: number): boolean {
  return steppedAt !== undefined && now - steppedAt < PATH_CHANGED_MS;
}

// Below it a queue is noise, and so is its direction.
const QUEUE_MS = 10;

/**
 * What a request will wait there when the next move of shares has its effect, `lookaheadMs` from now: routers that
 * go by the queue of this moment all move too much, too late, and swing.
 */
export function queueMs({ waitMs, trend }: Queueing, lookaheadMs: number): number {
  return Math.max(0, waitMs + (waitMs > QUEUE_MS ? lookaheadMs * trend : 0));
}
