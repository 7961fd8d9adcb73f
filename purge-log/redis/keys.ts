// One hash tag, so that a Redis Cluster keeps all of it in one slot and a script may touch all of it.
const TAG = "{edgecache}";

/** A stream: the entries. */
export const LOG_KEY = `${TAG}:log`;
/** A hash: what we believe of the stream. `run_id` of the server, `last` position, `opened` (the ms since which the table of edges has lost nothing),
 * `rows` (how many that table has), `history`, `replid`, `marks` and `unmarked` (lua.ts says which). */
export const META_KEY = `${TAG}:meta`;
/** A hash: edge id to the server's milliseconds, a space, and the heartbeat as JSON. */
export const EDGES_KEY = `${TAG}:edges`;
/** Where a key is moved that stood in the place of the log and was not a log that can be continued. */
export const ASIDE_KEY = `${TAG}:aside`;
/** A hash: edge id to what its latest purges removed there, newest first: `position=objects` and a space each. */
export const COUNTS_KEY = `${TAG}:counts`;
/** A channel: the first heartbeat of each boot of an edge, as JSON. Older edges send every heartbeat to it. */
export const JOIN_CHANNEL = `${TAG}:heartbeats`;

/** A channel: confirmations, as JSON, from edges that applied purges to the edge that took them. */
export function takerChannel(taker: string): string {
  return `${TAG}:took:${taker}`;
}

/** A string: the position of this purge, a space, and its digest, for as long as retries of it are recognised. */
export function purgeKey(purgeId: string): string {
  return `${TAG}:purge:${purgeId}`;
}
