/** Cases that the edge is known not to pass, and why. One that passes after all must leave this list. */
export const KNOWN_GAPS: ReadonlyMap<string, string> = new Map([
  [
    "conditional-lm-fresh-no-lm",
    "the date of the request is before the Date that stands in for Last-Modified, so RFC 9110 section 13.1.3 wants 200",
  ],
  [
    "partial-store-partial-reuse-partial",
    "the stored part names six bytes and has five: to answer for all six with them would be a guess",
  ],
  [
    "partial-store-partial-reuse-partial-absent",
    "the stored part names six bytes and has five: to answer with its last ones would call byte 8 the end",
  ],
  [
    "partial-store-partial-reuse-partial-suffix",
    "the stored part names six bytes and has five: to answer with its last one would call byte 8 the end",
  ],
  [
    "vary-normalise-lang-select",
    "variants are told apart by what their requests asked for, not by ranking the languages that they turned out to be in",
  ],
  [
    "304-etag-update-response-Set-Cookie",
    "a cookie that a 304 sets goes to the client that asked, and never into a stored response",
  ],
  [
    "headers-store-Transfer-Encoding",
    "an unknown transfer coding is refused, and what only ends with its connection is never stored: it may be cut short",
  ],
]);
