import type { SiteRule } from "../../../rules/site/site-rule.ts";
import { PAGE_STATUSES } from "./page-statuses.ts";
import { DAY, HOUR, MINUTE } from "./spans.ts";

/** Where builders put files whose names change with their content: Next.js, Astro, Nuxt, SvelteKit, Create React App. */
const FINGERPRINTED = [
  "/**/_next/static/**",
  "/**/_astro/**",
  "/**/_nuxt/**",
  "/**/_app/immutable/**",
  "/**/static/js/**",
  "/**/static/css/**",
  "/**/static/media/**",
];

/** What pages are made of. */
const FILE_TYPES = [
  "text/css",
  "text/javascript",
  "application/javascript",
  "application/wasm",
  "image/*",
  "font/*",
  "audio/*",
  "video/*",
];

/** Nothing of it is made for one visitor. */
export const EVERYBODY: SiteRule = {
  name: "everybody",
  match: {},
  cookies: "drop",
  key: { query: { ignore: ["tracking"] } },
};

export const FINGERPRINTED_FILES: SiteRule = {
  name: "fingerprinted",
  match: { path: FINGERPRINTED, type: [...FILE_TYPES, "application/json"] },
  ttlIfMissing: 30 * DAY,
  staleIfError: 30 * DAY,
};

export const FILES: SiteRule = {
  name: "files",
  match: { type: FILE_TYPES },
  ttlIfMissing: HOUR,
  staleWhileRevalidateIfMissing: DAY,
  staleIfError: 7 * DAY,
};

/** Files that a generator has written: the same for everybody. */
export const staticSite: readonly SiteRule[] = [
  EVERYBODY,
  FINGERPRINTED_FILES,
  FILES,
  {
    name: "pages",
    match: {
      status: PAGE_STATUSES,
      type: ["text/*", "application/xml", "application/*+xml", "application/json", "application/*+json"],
    },
    ttlIfMissing: MINUTE,
    staleWhileRevalidateIfMissing: 10 * MINUTE,
    staleIfError: 7 * DAY,
  },
  // A page may be asked for before it is there.
  { name: "errors", match: {}, negativeTtl: { 404: 10 } },
];
