import { type CompressRules, NO_COMPRESSION } from "./compression.ts";
import { type RequestLimits, WIDEST_LIMITS } from "./request-limits.ts";
import { NO_RULES, type RuleBook } from "./site/rule-book.ts";
import { NOTHING_SIGNED, type SignedUrls } from "./site/signed-urls.ts";
import type { CookiePolicy, SliceSize } from "./site/site-rule.ts";

/** An operator's choices for a site, where RFC 9111 would share what a careless origin did not mean to share. */
export interface SiteRules {
  /** A response that sets a cookie: not stored, stored without the cookie, or stored with it. */
  readonly setCookie: "refuse" | "strip" | "obey";
  /** The answer to a request with a Cookie that Vary does not name: shared only where it says so, or as RFC 9111 has it. */
  readonly requestCookie: "refuse" | "obey";
  /** An error: stored for seconds, and only where it says that it may be shared, or as RFC 9111 has it. */
  readonly errorStatuses: "brief" | "obey";
  /** A request's own wishes, such as no-cache: obeyed always, once a second for each key, or never. */
  readonly clientCacheControl: "obey" | "cap" | "ignore";
  /** Request fields, in lower case, that the origin gets beside the usual ones; "*" for all. */
  readonly forwardFields: readonly string[];
  /** Where an unsafe request invalidates stored responses: at this edge, nowhere, or at every edge. */
  readonly invalidation: "obey" | "ignore" | "broadcast";
  /** The same for the groups in Cache-Group-Invalidation. */
  readonly groupInvalidation: "obey" | "ignore" | "broadcast";
  /** What the edge compresses by itself. */
  readonly compress: CompressRules;
  readonly limits: RequestLimits;
  /** The URLs that need a token. */
  readonly signed: SignedUrls;
  /** Requests under way at the origin at the same time. */
  readonly originPlaces: number;
  /** Of these, for one client, and for all refreshes in the background together. */
  readonly originPlacesPerClient: number;
  /** The protocols, in lower case, for which the edge makes a tunnel to the origin. */
  readonly upgrades: readonly string[];
  /** The cookies of requests that the origin gets. */
  readonly cookies: CookiePolicy;
  /** References of the origin to its own address: as they are, or relative, so that clients stay with the edge. */
  readonly location: "keep" | "map";
  /** Bytes of the slices in which bodies are fetched and kept. */
  readonly slice: SliceSize;
  /** The edges that alone fetch from the origin what others may have too, where edges ask each other; empty: all. */
  readonly shield: readonly string[];
  /** The rules that the owner of the site has written. */
  readonly book: RuleBook;
}

// Event streams, long polls and slow downloads each take a place for as long as they last. A quarter for one client: an
// office behind one address has room, and three quarters are left to others.
const PLACES = { originPlaces: 1_024, originPlacesPerClient: 256 };

/** Nothing is shared that may be one client's own, and clients cannot send every request to the origin. */
export const SAFE_RULES: SiteRules = {
  setCookie: "refuse",
  requestCookie: "refuse",
  errorStatuses: "brief",
  clientCacheControl: "cap",
  forwardFields: [],
  invalidation: "obey",
  groupInvalidation: "obey",
  compress: NO_COMPRESSION,
  limits: WIDEST_LIMITS,
  signed: NOTHING_SIGNED,
  ...PLACES,
  upgrades: [],
  cookies: "keep",
  location: "keep",
  slice: "off",
  shield: [],
  book: NO_RULES,
};

/** RFC 9111 and nothing else, for an origin whose fields are right. */
export const RFC_RULES: SiteRules = {
  setCookie: "obey",
  requestCookie: "obey",
  errorStatuses: "obey",
  clientCacheControl: "obey",
  forwardFields: ["*"],
  invalidation: "obey",
  groupInvalidation: "obey",
  compress: NO_COMPRESSION,
  limits: WIDEST_LIMITS,
  signed: NOTHING_SIGNED,
  ...PLACES,
  upgrades: [],
  cookies: "keep",
  location: "keep",
  slice: "off",
  shield: [],
  book: NO_RULES,
};
