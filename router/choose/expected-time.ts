/** How busy one edge is, seen from one router. Times in milliseconds. */
export interface EdgeLoad {
  /** What a request will wait there, as Pings tell; 0 for an edge that has not been loaded lately. */
  readonly queueMs: number;
  /** Mean delay of its event loop of late, as its Ping reply tells. */
  readonly eventLoopDelayMs: number;
  /** Requests being answered there, for all routers, as its Ping reply tells. */
  readonly inFlight: number;
  /** Requests of this router that have no first byte of an answer yet. */
  readonly waiting: number;
}

// An idle Node process shows 1 to 2 ms, one on a busy machine a few more: that slows nobody.
const SOUND_DELAY_MS = 15;

// A Ping has waited in the same event loop, so the queue is known already and sooner; but a request takes more turns.
const REPORTED_PART = 1 / 4;

// One process answers hundreds at a time without being slowed by their number.
const SANE_REQUESTS = 128;

// Requests under way are mostly long downloads, or wait for an origin that is as far from every other edge. Their
// number alone chooses between edges about as near, and never sends a client to a far one.
const MOST_FOR_REQUESTS = 0.5;

// A packet that is lost is sent again after 200 ms at the earliest (Linux, TCP_RTO_MIN).
const LOST_PACKET_MS = 200;

// The way to a process on the same machine; below it, a ratio says nothing.
const LEAST_BASE_MS = 0.1;

/** 1 for an edge that has time for everybody; how many times as long as the way a request takes there. */
export function loadFactor(
  baseRttMs: number,
  { queueMs, eventLoopDelayMs, inFlight, waiting }: EdgeLoad,
): number {
  const reported = REPORTED_PART * Math.max(0, eventLoopDelayMs - SOUND_DELAY_MS);
  const crowd = Math.max(0, Math.max(inFlight, waiting) - SANE_REQUESTS);
  const forRequests = 1 + (MOST_FOR_REQUESTS * crowd) / (crowd + 4 * SANE_REQUESTS);
  return (1 + (queueMs + reported) / Math.max(LEAST_BASE_MS, baseRttMs)) * forRequests;
}

/**
 * How long a small request should take there: the way, times load, and what lost packets cost. First-byte times of
 * requests are left out: a miss takes as long as the origin does, at every edge, so that an edge with a cold cache or
 * with slow sites would look far away. What they show of load, Pings and `waiting` show as well.
 */
export function expectedMs(baseRttMs: number, factor: number, loss: number): number {
  return Math.max(LEAST_BASE_MS, baseRttMs) * factor + loss * LOST_PACKET_MS;
}

// One deviation of the smoothed time is a third of the mean deviation of its samples; six of them are no chance.
const NOISE_PER_VARIATION = 2;

/** How far chance alone may move the expected time: `lossNoise` is that of the loss. */
export function noiseMs(variationMs: number, lossNoise: number): number {
  return NOISE_PER_VARIATION * variationMs + lossNoise * LOST_PACKET_MS;
}
