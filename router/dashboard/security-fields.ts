import type { RequestHandler } from "express";

// W3C Content Security Policy Level 3. The page has no inline script and no inline style, and asks nobody else: a URL of a
// stranger that came into it as text cannot become code.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join("; ");

/** The fields of each answer that belongs to the page. */
const FIELDS = {
  "Content-Security-Policy": POLICY,
  "X-Content-Type-Options": "nosniff",
  // Older browsers know it instead of frame-ancestors.
  "X-Frame-Options": "DENY",
  // W3C Fetch section 3.1: under no-referrer a form says `Origin: null`, and the login would look like that of a stranger.
  "Referrer-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export const withSecurityFields: RequestHandler = (_request, response, next) => {
  response.set(FIELDS);
  next();
};
