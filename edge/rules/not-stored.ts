/**
 * Every reason why a response of the origin is not stored, and what an operator is told about it. The words stand in
 * Cache-Status, in the label `reason` of the counter and in docs/caching.md.
 */
export const notStored = {
  method: "The request method is not one that is cached.",
  "request-content": "The GET or HEAD has content, and only the origin knows what that means.",
  "request-no-store": "The request says `no-store`.",
  status: "The status is not final, may not be stored, or answers a precondition or a range.",
  "must-understand": "The response says `must-understand`, and its status is unknown.",
  partial: "The 206 is not one part of a whole of known length, or a whole response was asked for.",
  slice:
    "A slice was asked for, and this is none: a whole, or a part that no strong validator ties to the others.",
  "no-store": "The response says `no-store`.",
  private: "The response says `private` without field names.",
  authorization: "The request has `Authorization`, and the response does not say that it may be shared.",
  "not-cacheable": "Nothing allows reuse: no freshness, no `public`, no status that implies it.",
  "set-cookie":
    "The response sets a cookie, and the site refuses that, or the response has no explicit freshness.",
  cookie:
    "The request has `Cookie` or a key of its client, and the response neither varies on it nor is for all.",
  "error-status": "The status is an error, and the response does not say that caches may share it.",
  rule: "A rule of the site says `no-store`.",
  post: "The answer to a POST lacks explicit freshness, or its own URI in `Content-Location` where no rule caches it.",
  "request-fields":
    "The request is a POST or has credentials, and has fields beside the usual ones, on which the answer may depend.",
  vary: "`Vary` is `*`, cannot be read, names too much, or does not name the dictionary that the body is coded with.",
  tags: "The tags cannot be kept, so that a purge by tag would miss the response.",
  "purge-log-unknown": "The edge does not yet know its place in the purge log.",
  "event-stream": "It is a stream of events, which has no end and is each client's own.",
  "length-unknown": "The body ends with the connection, so that nothing proves it whole.",
  incomplete: "The origin broke off before the end of the body.",
  "origin-error": "The origin failed (5xx) while a stored response was validated; that one stays.",
  overtaken: "A purge or an unsafe request came while the response was fetched.",
  superseded: "A response that was requested later is stored already.",
  "too-large": "The response is larger than may be stored, or the memory for fills is used up.",
} as const;

export type NotStored = keyof typeof notStored;

/** In the order of the table above. */
export const notStoredReasons: readonly NotStored[] = Object.keys(notStored).filter(
  (word): word is NotStored => word in notStored,
);
