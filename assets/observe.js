import { readCacheStatus } from "./cache-status.js";
import { numberParam, parseList, stringParam } from "./structured-list.js";

/**
 * One response, as far as a page can see it.
 * @typedef {object} Observation
 * @property {"page" | "browser-cache" | "second" | "fetch"} source
 *   page: the response that brought this page; browser-cache: the same, kept by the browser from an earlier
 *   visit; second: asked for because the first could not be read; fetch: asked for by a person.
 * @property {boolean} reloaded whether the browser was told to reload
 * @property {string} path
 * @property {string} method
 * @property {number} at milliseconds since 1970
 * @property {number | undefined} ms until the first byte of the response
 * @property {number} status
 * @property {number | undefined} bytes of the body as the browser read it
 * @property {Record<string, string | null>} fields as received; null when absent
 * @property {import("./cache-status.js").CacheStatus | undefined} cacheStatus
 * @property {Timing[]} timings
 * @property {string | undefined} protocol as ALPN names it: "h2"
 *
 * @typedef {{ method?: string, headers?: Record<string, string> }} Asking
 *
 * @typedef {{ name: string, duration: number | undefined, description: string | undefined }} Timing
 */

/** More than this nobody reads. In characters. */
const MOST_TEXT = 4096;

const SHOWN = [
  "Cache-Status",
  "X-Cache",
  "Age",
  "Cache-Control",
  "X-Served-By",
  "Server-Timing",
  "Proxy-Status",
];

/**
 * The response that brought this page. No page may read that directly, but the browser's own cache has just
 * kept it, and "only-if-cached" gives it back with its fields and without a request. Where the browser kept
 * nothing (no-store, a private mode, a disabled cache), one more request is sent, and the result says so.
 * @returns {Promise<Observation>}
 */
export async function observePage() {
  const [navigation] = performance.getEntriesByType("navigation");
  const kept = await fromBrowserCache();
  if (kept === undefined)
    return { ...(await observeFetch(location.pathname + location.search)), source: "second" };
  const timed = navigation instanceof PerformanceNavigationTiming;
  // Nothing was transferred: the browser did not ask anyone.
  const local = timed && navigation.transferSize === 0 && navigation.encodedBodySize > 0;
  return {
    ...observation(location.pathname + location.search, kept),
    source: local ? "browser-cache" : "page",
    reloaded: timed && navigation.type === "reload",
    bytes: timed ? navigation.decodedBodySize : undefined,
    ms: timed && !local ? navigation.responseStart - navigation.requestStart : undefined,
    protocol: timed && !local ? navigation.nextHopProtocol : undefined,
  };
}

async function fromBrowserCache() {
  try {
    return await fetch(location.href, { cache: "only-if-cached", mode: "same-origin" });
  } catch (error) {
    // How fetch says that the browser's cache does not hold it.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/**
 * Asks for `path` past the browser's cache, yet like an ordinary visitor. "no-store" alone would add
 * `Cache-Control: no-cache`, which tells every cache on the way to ask the origin. A field that is already
 * there is left alone, so we send a directive without meaning (RFC 9111 section 5.2.3: caches ignore those).
 * @param {string} path
 * @param {Asking} asking
 * @param {(text: string) => void} onText is told the text that has come so far, where it is text to be read
 * @returns {Promise<Observation>} rejects when there is no answer
 */
export async function observeFetch(path, { method = "GET", headers = {} } = {}, onText = () => undefined) {
  const started = performance.now();
  const neutral = { "Cache-Control": "as-usual", Pragma: "as-usual" };
  const response = await fetch(path, { method, cache: "no-store", headers: { ...neutral, ...headers } });
  const ms = performance.now() - started;
  const bytes = await readThrough(response, onText);
  const entry = performance.getEntriesByName(response.url).at(-1);
  const protocol = entry instanceof PerformanceResourceTiming ? entry.nextHopProtocol : undefined;
  return { ...observation(path, response), source: "fetch", method, ms, bytes, protocol };
}

/**
 * Reads to the end, so that a stored copy is complete; piece by piece, so that 5 MB are never held.
 * @param {Response} response
 * @param {(text: string) => void} onText
 */
async function readThrough(response, onText) {
  const isText = /^text\/(plain|event-stream)\b/.test(response.headers.get("Content-Type") ?? "");
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = "";
  await response.body?.pipeTo(
    new WritableStream({
      write(/** @type {Uint8Array} */ piece) {
        bytes += piece.length;
        if (!isText || text.length > MOST_TEXT) return;
        text += decoder.decode(piece, { stream: true });
        onText(text);
      },
    }),
  );
  return bytes;
}

/**
 * @param {string} path
 * @param {Response} response
 */
function observation(path, response) {
  /** @type {Observation["fields"]} */
  const fields = Object.fromEntries(SHOWN.map((name) => [name, response.headers.get(name)]));
  return {
    reloaded: false,
    method: "GET",
    bytes: undefined,
    protocol: undefined,
    path,
    at: Date.now(),
    status: response.status,
    fields,
    cacheStatus: readCacheStatus(response.headers.get("Cache-Status")),
    timings: readTimings(response.headers.get("Server-Timing")),
  };
}

/**
 * @param {string | null} field
 * @returns {Timing[]}
 */
function readTimings(field) {
  const members = field === null ? [] : (parseList(field) ?? []);
  return members.map((member) => ({
    name: member.name,
    duration: numberParam(member, "dur"),
    description: stringParam(member, "desc"),
  }));
}
