import type { CacheRequest } from "./exchange.ts";

/**
 * RFC 9111 section 2: the key under which all variants of one resource are stored. It is the site's name, a space, and
 * of the URI what the origin is told of it: `shop https://shop.example/a?b`, or the target alone.
 * Unambiguous, because neither a site's name nor a URI has a space, and a target begins with "/".
 */
export function cacheKey({
  site,
  base = "",
  target,
}: Pick<CacheRequest, "site" | "base" | "target">): string {
  return `${site} ${base}${target}`;
}
