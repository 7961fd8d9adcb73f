import type { SiteRule } from "../../../rules/site/site-rule.ts";
import { PAGE_STATUSES } from "./page-statuses.ts";
import { DAY, MINUTE } from "./spans.ts";

// Written by the program that serves pages, and never by the browser alone: with one of these a page is somebody's own.
// WordPress itself marks the pages of people who are logged in as not to be kept; it does not mark a page that a password
// has opened, nor one with a comment that only its author sees yet.
const KNOWN_VISITORS = [
  "wordpress_logged_in_*",
  "wordpress_sec_*",
  "wp-postpass_*",
  "comment_author_*",
  "woocommerce_*",
  "wp_woocommerce_session_*",
  "edd_*",
  "PHPSESSID",
];

/** A WordPress site, also in a folder of its host, also with WooCommerce. */
export const wordpress: readonly SiteRule[] = [
  {
    // Programs of plug-ins, such as one for downloads.
    name: "programs",
    match: { path: ["/**/wp-content/**/*.php/**", "/**/wp-includes/**/*.php/**"] },
    bypass: true,
  },
  {
    // The same for everybody, so also for those who are logged in: the origin makes them without knowing for whom.
    name: "assets",
    match: {
      path: ["wp-includes", "wp-content/themes", "wp-content/plugins"].flatMap((folder) =>
        ["css", "js", "woff2", "svg", "png"].map((kind) => `/**/${folder}/**/*.${kind}`),
      ),
    },
    bypass: false,
    cookies: "drop",
  },
  { name: "known-visitors", match: { cookie: KNOWN_VISITORS }, bypass: true },
  {
    // Log-in, administration, comments, cron.
    name: "administration",
    match: { path: ["/**/wp-admin/**", "/**/wp-*.php/**", "/**/xmlrpc.php/**"] },
    bypass: true,
  },
  {
    name: "shop",
    match: { path: ["/**/cart/**", "/**/checkout/**", "/**/my-account/**", "/**/wc-api/**"] },
    bypass: true,
  },
  {
    name: "actions",
    match: {
      query: [
        "preview",
        "preview_*",
        "customize_*",
        "_wpnonce",
        "unapproved",
        "moderation-hash",
        "rest_route",
        "wc-ajax",
        "wc-api",
        "add-to-cart",
        "remove_item",
        "undo_item",
        "download_file",
        "doing_wp_cron",
      ],
    },
    bypass: true,
  },
  {
    name: "rest-credentials",
    match: { path: ["/**/wp-json/**"], header: ["Authorization", "X-WP-Nonce"] },
    bypass: true,
  },
  // Posts, pages, media and what they are sorted by.
  { name: "rest-content", match: { path: ["/**/wp-json/wp/v2/**"] }, bypass: false, ttlIfMissing: MINUTE },
  { name: "rest", match: { path: ["/**/wp-json/**"] }, bypass: true },
  {
    // All others get what somebody gets who comes for the first time.
    name: "visitors",
    match: {},
    cookies: "drop",
    key: { query: { ignore: ["tracking"] } },
  },
  {
    name: "files",
    match: {
      path: ["/**/wp-content/**", "/**/wp-includes/**"],
      type: [
        "text/css",
        "text/javascript",
        "application/javascript",
        "image/*",
        "font/*",
        "audio/*",
        "video/*",
        "application/pdf",
      ],
    },
    ttlIfMissing: 7 * DAY,
    staleWhileRevalidateIfMissing: DAY,
    staleIfError: 7 * DAY,
  },
  {
    // A form of the page has a nonce, which WordPress takes for 12 hours at least.
    name: "pages",
    match: {
      status: PAGE_STATUSES,
      type: ["text/html", "application/rss+xml", "application/atom+xml", "application/xml", "text/xml"],
    },
    ttlIfMissing: 5 * MINUTE,
    staleWhileRevalidateIfMissing: 5 * MINUTE,
    staleIfError: DAY,
  },
];
