/** How busy one edge is, seen from one router. Times in milliseconds. */
export interface EdgeLoad {
  /** The wait in its queue, from Pings; 0 for an edge that has not been loaded lately. */
  readonly queueMs: number;
  /** Recent mean delay of its event loop, from its Ping reply. */
  readonly eventLoopDelayMs: number;
  /** Requests in flight there, of all routers, from its Ping reply. */
  readonly inFlight: number;
  /** Requests of this router without a first byte of a response. */
  readonly waiting: number;
}

// An idle Node process reports 1 to 2 ms, and a few more on a busy machine. Requests do not notice that.
const SOUND_DELAY_MS = 15;

// Pings wait in the same event loop, so they show most of the queue. But a request needs more turns of the loop.
const REPORTED_PART = 1 / 4;

// One process answers this many concurrent requests without getting slower.
const SANE_REQUESTS = 128;

// Most requests in flight are long downloads, or wait for an origin that is equally far from every edge. Their number
// may decide between edges that are about equally near. It must never send a client to a far edge.
const MOST_FOR_REQUESTS = 0.5;

// Linux retransmits a lost packet after at least 200 ms (TCP_RTO_MIN).
const LOST_PACKET_MS = 200;

// The round trip to a process on the same machine. Below it, ratios are noise.
const LEAST_BASE_MS = 0.1;

/** How many times the base round trip a request takes because of load; 1 without load. */
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
 * The expected time of a small request: base round trip times load, plus the cost of lost packets. First-byte times of
 * requests are not used. A miss takes as long as the origin, at every edge: an edge with a cold cache or slow sites
 * would look far away. Pings and `waiting` show the same load.
 */
export function expectedMs(baseRttMs: number, factor: number, loss: number): number {
  return Math.max(LEAST_BASE_MS, baseRttMs) * factor + loss * LOST_PACKET_MS;
}

// The deviation of the smoothed time is a third of the mean deviation of its samples. Six of those are not chance.
const NOISE_PER_VARIATION = 2;

/** The noise of the expected time. `lossNoise` is the noise of the loss. */
export function noiseMs(variationMs: number, lossNoise: number): number {
  return NOISE_PER_VARIATION * variationMs + lossNoise * LOST_PACKET_MS;
}
