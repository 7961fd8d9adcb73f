/**
 * What the router tells each second. Null: not known.
 * @typedef {object} EdgeStats
 * @property {number} requests
 * @property {number} hits
 * @property {number} misses
 * @property {number} stale
 * @property {number} revalidated
 * @property {number} bypass
 * @property {number} errors
 * @property {number} objects
 * @property {number} bytes
 * @property {number} fills
 * @property {number} collapsed
 * @property {number} purges
 * @property {number} uptimeMs
 * @property {number} [bytesSent] an edge of an earlier release does not tell
 * @property {number} [hitBytes]
 * @property {Histogram} [waits]
 * @property {number} [certificateDaysLeft]
 *
 * @typedef {object} LiveEdge
 * @property {string} edge
 * @property {import("./edge-state.js").EdgeState} state
 * @property {string | null} why
 * @property {number | null} rttMs
 * @property {number | null} leaseLeftMs
 * @property {string | null} position
 * @property {number | null} lagMs
 * @property {number | null} inFlight
 * @property {number | null} loopDelayMs
 * @property {string | null} version
 * @property {string | null} config
 * @property {string | null} publicUrl
 * @property {number} share
 * @property {EdgeStats | null} stats
 *
 * @typedef {{ boundsMs: readonly number[], counts: readonly number[] }} Histogram
 *
 * @typedef {{ p50Ms: number, p90Ms: number, p99Ms: number }} Percentiles
 *
 * @typedef {object} SeenRequest
 * @property {string | null} time
 * @property {string} method
 * @property {string} url
 * @property {string} site
 * @property {string} client
 * @property {number} status
 * @property {number} bytes
 * @property {number} durationMs
 * @property {number} originMs
 * @property {string} outcome
 * @property {string} cacheStatus
 * @property {string} reason
 * @property {string} mend
 * @property {string} requestId
 * @property {string} protocol
 * @property {readonly string[]} rules
 *
 * @typedef {object} PurgeRow
 * @property {string} purgeId
 * @property {string} position
 * @property {string | null} time
 * @property {string} by
 * @property {boolean} soft
 * @property {readonly Readonly<Record<string, string | boolean>>[]} targets
 * @property {number} targetCount
 * @property {readonly { edge: string, state: string, ms: number, objects: number }[]} edges
 *
 * @typedef {object} TopRow
 * @property {string} url
 * @property {string} site
 * @property {number} requests
 * @property {number} bytes
 * @property {number} slowestMs
 * @property {number} misses
 * @property {string} reason
 * @property {string} mend
 */

export {};
