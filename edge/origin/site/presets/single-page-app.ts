import type { SiteRule } from "../../../rules/site/site-rule.ts";
import { PAGE_STATUSES } from "./page-statuses.ts";
import { DAY, MINUTE } from "./spans.ts";
import { EVERYBODY, FILES, FINGERPRINTED_FILES } from "./static-site.ts";

/** One page, which makes all others in the browser, and the files that it needs. */
export const singlePageApp: readonly SiteRule[] = [
  {
    // It stays as it was asked for, and so does its path.
    name: "server",
    match: { path: ["/api/**", "/graphql/**", "/socket.io/**", "/.well-known/**"] },
    bypass: true,
    rewrite: "{path}",
  },
  { name: "named-files", match: { path: ["/**/*.*"] }, rewrite: "{path}" },
  {
    // Every other path is one of the page. An origin may know no such path, so it is asked for the page.
    name: "navigations",
    match: { method: ["GET"], header: { Accept: ["text/html*"] } },
    rewrite: "/",
  },
  EVERYBODY,
  FINGERPRINTED_FILES,
  FILES,
  {
    // An old page names files that may be gone, so it is not served stale while a new one is fetched.
    name: "page",
    match: { status: PAGE_STATUSES, type: ["text/html"] },
    ttlIfMissing: MINUTE,
    staleIfError: DAY,
  },
  { name: "errors", match: {}, negativeTtl: { 404: 10 } },
];
