/** A field of a response that a cache keeps, with two values that it may have. */
export interface KeptField {
  readonly name: string;
  readonly older: string;
  readonly newer: string;
  /**
   * What a 304 may do to it (RFC 9111 section 3.2). must: it brings the new value. must-not: it leaves the old one.
   * may: left to us, and we take the new value. may-not: left to us, and we keep the old one, because it is about
   * the bytes that are stored.
   */
  readonly updates: "must" | "must-not" | "may" | "may-not";
  /** With it the body is not the usual one. */
  readonly freeBody?: true;
}

export const KEPT: readonly KeptField[] = [
  must("Test-Header"),
  must("X-Test-Header"),
  must("Content-Foo"),
  must("X-Content-Foo"),
  must("Cache-Control", "max-age=1", "max-age=3600"),
  { ...may("Content-Encoding"), updates: "may-not" },
  { name: "Content-Length", older: "36", newer: "10", updates: "must-not", freeBody: true },
  may("Content-Location", "/foo", "/bar"),
  may("Content-MD5", "rL0Y20zC+Fzt72VPzMSk2A==", "N7UdGUp1E+RbVvZSTy1R8g=="),
  { ...may("Content-Range"), updates: "may-not" },
  may("Content-Security-Policy", "default-src 'self'", "default-src 'self' cdn.example.com"),
  may("Content-Type", "text/plain", "text/plain;charset=utf-8"),
  may("Clear-Site-Data", "cache", "cookies"),
  may("ETag", '"abcdef"', '"ghijkl"'),
  may("Expires", "Fri, 01 Jan 2038 01:01:01 GMT", "Mon, 11 Jan 2038 11:11:11 GMT"),
  may("Public-Key-Pins"),
  may("Set-Cookie", "a=b", "a=c"),
  may("Set-Cookie2", "a=b", "a=c"),
  may("X-Frame-Options", "deny", "sameorigin"),
  may("X-XSS-Protection", "1", "1; mode=block"),
];

/** Of one connection only, so never kept. */
export const NOT_KEPT: readonly string[] = [
  "Connection",
  "Keep-Alive",
  "Proxy-Authenticate",
  "Proxy-Authentication-Info",
  "Proxy-Authorization",
  "Proxy-Connection",
  "TE",
  "Transfer-Encoding",
  "Upgrade",
];

function must(name: string, older = "olderolderolder", newer = "newernewernewer"): KeptField {
  return { name, older, newer, updates: "must" };
}

function may(name: string, older = "olderolderolder", newer = "newernewernewer"): KeptField {
  return { name, older, newer, updates: "may" };
}
