/** RFC 9211 section 2.2. @type {Readonly<Record<string, string>>} */
const FORWARDED = {
  bypass: "The edge was told not to look into its cache.",
  method: "Requests with this method go to the origin.",
  "uri-miss": "Nothing was stored for this URL.",
  "vary-miss": "What was stored for this URL is for requests with other fields (Vary).",
  miss: "Nothing that was stored fits the request.",
  request: "The request asked for a fresh answer (Cache-Control).",
  stale: "What was stored had become stale.",
  partial: "Only a part of it was stored.",
};

/**
 * An edge's member of Cache-Status, in sentences.
 * @param {string} member
 */
export function cacheStatusWords(member) {
  const params = readParams(member);
  const fwd = params.get("fwd");
  const ttl = Number(params.get("ttl"));
  const status = params.get("fwd-status");
  const words = [];
  if (params.has("hit")) words.push("Answered from the cache.");
  if (fwd !== undefined) words.push(FORWARDED[fwd] ?? `Forwarded: ${fwd}.`);
  if (status !== undefined)
    words.push(status === "304" ? "The origin confirmed it (304)." : `The origin answered ${status}.`);
  if (params.has("collapsed")) words.push("It waited for the same answer with other requests.");
  if (params.has("stored")) words.push("The answer is stored.");
  if (params.has("ttl") && Number.isFinite(ttl)) {
    words.push(ttl >= 0 ? `Fresh for another ${ttl} s.` : `Stale for ${-ttl} s.`);
  }
  const detail = params.get("detail");
  if (detail !== undefined) words.push(`Detail: ${detail}.`);
  return words.join(" ");
}

/** RFC 9651 section 3.1.2. @param {string} member @returns {Map<string, string>} */
function readParams(member) {
  const found = member.matchAll(/;\s*([a-z*][a-z0-9_.*-]*)(?:=(?:"((?:[^"\\]|\\.)*)"|([^;,\s]*)))?/g);
  return new Map(
    [...found].map(([, name = "", quoted, bare]) => [name, quoted?.replace(/\\(.)/g, "$1") ?? bare ?? ""]),
  );
}
