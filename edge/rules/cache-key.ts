import type { CacheRequest } from "./exchange.ts";

/**
 * RFC 9111 section 2: the key under which all variants of one resource are stored. It is the site's name, a space, and
 * of the URI what the origin is told of it: `shop https://shop.example/a?b`, or the target alone. Content that is in the
 * key stands before the URI: `shop QUERY/uNE… https://shop.example/a?b`. So does a slice: `shop slice/1048576/7 /film`.
 * Unambiguous, because neither a site's name nor a URI has a space, and a target begins with "/".
 */
export function cacheKey({
  site,
  base = "",
  target,
  content,
  slice,
}: Pick<CacheRequest, "site" | "base" | "target" | "content" | "slice">): string {
  if (slice !== undefined) return `${site} slice/${slice.size}/${slice.number} ${base}${target}`;
  return content === undefined ? `${site} ${base}${target}` : `${site} ${content.name} ${base}${target}`;
}
