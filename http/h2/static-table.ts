/** RFC 7541 appendix A: names and values by index, from 1. An entry without "=" has an empty value. */
const ENTRIES =
  ":authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|:status=204|" +
  ":status=206|:status=304|:status=400|:status=404|:status=500|accept-charset|accept-encoding=gzip, deflate|" +
  "accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|authorization|cache-control|" +
  "content-disposition|content-encoding|content-language|content-length|content-location|content-range|content-type|" +
  "cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since|" +
  "last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|" +
  "server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate";

export interface TableEntry {
  readonly name: string;
  readonly value: string;
}

/** `STATIC_TABLE[0]` is index 1. */
export const STATIC_TABLE: readonly TableEntry[] = ENTRIES.split("|").map((entry) => {
  const equals = entry.indexOf("=");
  return equals < 0
    ? { name: entry, value: "" }
    : { name: entry.slice(0, equals), value: entry.slice(equals + 1) };
});

/** The first index of each name. */
export const STATIC_INDEX: ReadonlyMap<string, number> = new Map(
  STATIC_TABLE.map(({ name }, at) => [name, at + 1] as const).reverse(),
);
