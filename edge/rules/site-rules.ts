/** What the operator decides for a site where the letter of RFC 9111 shares what a careless origin did not mean to. */
export interface SiteRules {
  /** A response that sets a cookie: not stored, stored without the cookie, or stored with it. */
  readonly setCookie: "refuse" | "strip" | "obey";
  /** The answer to a request with Cookie, which Vary does not name: not shared unless it says so, or as RFC 9111. */
  readonly requestCookie: "refuse" | "obey";
  /** An error: stored for seconds, and only where it says that it may be shared, or as RFC 9111. */
  readonly errorStatuses: "brief" | "obey";
  /** What a request says against the use of the store: obeyed always, once a second for a key, or never. */
  readonly clientCacheControl: "obey" | "cap" | "ignore";
  /** Request fields, in lower case, that the origin gets beside the usual ones; "*" for all. */
  readonly forwardFields: readonly string[];
}

/** Nothing is shared that may be one client's own, and clients cannot send every request to the origin. */
export const SAFE_RULES: SiteRules = {
  setCookie: "refuse",
  requestCookie: "refuse",
  errorStatuses: "brief",
  clientCacheControl: "cap",
  forwardFields: [],
};

/** RFC 9111 and nothing else, for an origin that means what its fields say. */
export const RFC_RULES: SiteRules = {
  setCookie: "obey",
  requestCookie: "obey",
  errorStatuses: "obey",
  clientCacheControl: "obey",
  forwardFields: ["*"],
};
