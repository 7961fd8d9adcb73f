/** @typedef {"hit" | "miss" | "stale" | "revalidated" | "bypass" | "failed" | "local" | "unknown"} Kind */

/** Why a request went on to the origin, by RFC 9211 section 2.2. @type {Record<string, string>} */
const REASONS = {
  bypass: "The edge was set not to use its cache for this request.",
  method: "The request's method can not be answered from a cache.",
  "uri-miss": "It held nothing for this URL.",
  "vary-miss": "It held this URL only for requests with other fields, as Vary told it.",
  miss: "It held nothing that fits this request.",
  request: "What it held may not be used for this request, by the request's own words.",
  stale: "What it held was no longer fresh.",
  partial: "It held a part of it only.",
};

/** Why an answer was passed on and not kept, by the word of the edge. @type {Record<string, string>} */
const NOT_KEPT = {
  private: "It is for one client only (Cache-Control: private), so the edge kept nothing.",
  "no-store": "The origin forbids to keep it (Cache-Control: no-store).",
  "event-stream": "A stream of events is each client's own, so the edge kept nothing.",
};

/**
 * @param {import("./observe.js").Observation} seen
 * @returns {Kind}
 */
export function kindOf(seen) {
  const status = seen.cacheStatus;
  if (seen.source === "browser-cache") return "local";
  if (status === undefined) return "unknown";
  // RFC 9209: the edge made this answer itself, because none could be had.
  if (seen.fields["Proxy-Status"] !== null) return "failed";
  if (status.hit) return (status.ttl ?? 0) < 0 ? "stale" : "hit";
  if (status.fwdStatus === 304) return "revalidated";
  const passed = status.fwd === "bypass" || status.fwd === "method" || seen.fields["X-Cache"] === "BYPASS";
  if (passed) return "bypass";
  return status.fwd === undefined ? "unknown" : "miss";
}

/** Whether the origin had to be asked before the browser got its answer. */
export function waitedForOrigin(/** @type {import("./observe.js").Observation} */ seen) {
  return seen.source !== "browser-cache" && seen.cacheStatus?.fwd !== undefined;
}

/**
 * Whether the edge fetches a newer response now that the browser has its answer.
 * @param {import("./observe.js").Observation} seen
 */
export function refreshesBehind(seen) {
  const because = seen.cacheStatus?.detail ?? "stale-while-revalidate";
  return kindOf(seen) === "stale" && because === "stale-while-revalidate";
}

/**
 * The edge that answered; undefined when nobody said.
 * @param {import("./observe.js").Observation} seen
 */
export function edgeOf(seen) {
  return seen.cacheStatus?.cache ?? seen.fields["X-Served-By"] ?? undefined;
}

/**
 * Round-trip time between router and edge in milliseconds, when the router told it.
 * @param {import("./observe.js").Observation} seen
 */
export function rttOf(seen) {
  return seen.timings.find(({ name }) => /rtt/i.test(name))?.duration;
}

/**
 * What happened, in one sentence for the headline and a few for the rest.
 * @param {import("./observe.js").Observation} seen
 * @returns {{ word: string, headline: string, story: string }}
 */
export function tell(seen) {
  const status = seen.cacheStatus;
  const edge = edgeOf(seen) ?? "The server";
  const why = REASONS[status?.fwd ?? ""] ?? "";
  const notKept = NOT_KEPT[status?.detail ?? ""];
  const kept = status?.stored
    ? " It stored the answer, so the next request for it can be a hit."
    : notKept === undefined
      ? ""
      : ` ${notKept}`;
  const shared = status?.collapsed
    ? " Other requests were waiting for the same thing and shared this one fetch."
    : "";
  switch (kindOf(seen)) {
    case "hit":
      return {
        word: "Hit",
        headline: `${edge} answered from its cache.`,
        story: "A fresh stored response was there, so the origin was not asked.",
      };
    case "miss":
      return {
        word: "Miss",
        headline: `${edge} had to ask the origin.`,
        story: `${why} The answer was passed on while it arrived.${kept}${shared}`,
      };
    case "stale":
      return {
        word: "Stale",
        headline: `${edge} answered with a response past its freshness.`,
        story: refreshesBehind(seen)
          ? "The origin allows that for a while (RFC 5861), so nobody waited: the edge fetches a new one behind."
          : `The edge says why it may stand in for a fresh one here: ${status?.detail}.`,
      };
    case "revalidated":
      return {
        word: "Revalidated",
        headline: `${edge} checked with the origin and kept what it had.`,
        story: `${status?.fwd === "request" ? "This request asked it to." : why} The origin answered 304 Not Modified: only fields came from there, no body.`,
      };
    case "bypass":
      return {
        word: "Bypass",
        headline: `${edge} passed the request through.`,
        story: `${why} The origin answered; nothing was looked up or stored.`,
      };
    case "failed":
      return {
        word: "Error",
        headline: `${edge} could not get an answer from the origin.`,
        story: `It held nothing that may be used instead, so it answered ${seen.status} itself (${status?.detail ?? "no reason given"}).`,
      };
    case "local":
      return {
        word: "Browser cache",
        headline: "Your browser had this page already.",
        story:
          "No request left it. Below is what the response said when it was first fetched; fetch again to ask an edge.",
      };
    case "unknown":
      return {
        word: "No word",
        headline: "No cache said what it did.",
        story:
          "The response carries no readable Cache-Status field, so it did not come through an edgeCache edge, " +
          "or something on the way removed the field.",
      };
  }
}

/** @type {Record<string, string>} */
const PROTOCOLS = { "http/1.0": "HTTP/1.0", "http/1.1": "HTTP/1.1", h2: "HTTP/2", h3: "HTTP/3" };

/**
 * The protocol between browser and router, and the version of TLS where the router tells it.
 * @param {import("./observe.js").Observation} seen
 * @returns {string | undefined} undefined when the browser asked nobody, or does not tell
 */
export function wayHere(seen) {
  const protocol = PROTOCOLS[seen.protocol ?? ""];
  if (protocol === undefined) return undefined;
  const tls = seen.timings.find(({ name }) => name === "tls")?.description;
  return tls === undefined
    ? `It came by ${protocol}.`
    : `It came by ${protocol} and ${tls.replace("v", " ")}.`;
}

/**
 * Where the words above come from; honest about what a page can see.
 * @param {import("./observe.js").Observation} seen
 */
export function provenance(seen) {
  const asked = seen.cacheStatus?.fwd === "request" || kindOf(seen) === "revalidated";
  switch (seen.source) {
    case "page":
      return seen.reloaded && asked
        ? "Read from the response that brought this page. You reloaded it: browsers then tell every cache on the way to check with the origin."
        : "Read from the response that brought this page.";
    case "browser-cache":
      return "Read from the copy that your browser kept.";
    case "second":
      return "Your browser kept no copy of the response that brought this page, so this is a second request, sent by the page’s script.";
    case "fetch":
      return `Read from a request for ${seen.path} that this page’s script sent.`;
  }
}
