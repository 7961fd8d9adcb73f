/** The fields by which a browser says what made it ask. */
export interface RequestSource {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly secFetchSite: string | undefined;
  readonly secFetchMode: string | undefined;
  readonly secFetchDest: string | undefined;
}

/**
 * Whether a page of another site made a browser ask. A link that somebody follows is none: the page that holds it sees
 * nothing of the answer, and no GET here changes anything. A form that is sent is one. Programs send none of these fields.
 */
export function isFromOtherSite({
  method,
  host,
  origin,
  secFetchSite,
  secFetchMode,
  secFetchDest,
}: RequestSource): boolean {
  // RFC 6454 section 7. It is "null" where the browser will not say.
  if (origin !== undefined && !isOrigin(origin, host)) return true;
  // W3C Fetch Metadata: "none" is an address that was typed. Another port of this host is another site of somebody's.
  if (secFetchSite === undefined || secFetchSite === "same-origin" || secFetchSite === "none") return false;
  return !(method === "GET" && secFetchMode === "navigate" && secFetchDest === "document");
}

function isOrigin(origin: string, host: string | undefined): boolean {
  const authority = /^https?:\/\/(.+)$/i.exec(origin)?.[1];
  return authority !== undefined && authority.toLowerCase() === host?.toLowerCase();
}
