import { numberParam, parseList, stringParam } from "./structured-list.js";

/**
 * What the cache nearest to the browser says it did (RFC 9211).
 * @typedef {object} CacheStatus
 * @property {string} cache the name it gives itself
 * @property {boolean} hit it answered without asking further on
 * @property {string | undefined} fwd why it asked further on
 * @property {number | undefined} fwdStatus the status that it got there
 * @property {number | undefined} ttl seconds of freshness left; negative when stale
 * @property {boolean} stored it kept the answer
 * @property {boolean} collapsed it shared the answer with other requests that were waiting for it
 * @property {string | undefined} detail
 */

/**
 * RFC 9211 section 2: the last member is the cache nearest to the user.
 * @param {string | null} field
 * @returns {CacheStatus | undefined} undefined when the field is absent or malformed
 */
export function readCacheStatus(field) {
  const nearest = field === null ? undefined : parseList(field)?.at(-1);
  if (nearest === undefined) return undefined;
  return {
    cache: nearest.name,
    hit: nearest.params.get("hit") === true,
    fwd: stringParam(nearest, "fwd"),
    fwdStatus: numberParam(nearest, "fwd-status"),
    ttl: numberParam(nearest, "ttl"),
    stored: nearest.params.get("stored") === true,
    collapsed: nearest.params.get("collapsed") === true,
    detail: stringParam(nearest, "detail"),
  };
}
