/**
 * The key under which all variants of one resource are stored: the site's name, a space, the target.
 * Unambiguous, because a site's name matches [a-z0-9.-]+ and a target begins with "/" and holds no space.
 */
export function cacheKey(site: string, target: string): string {
  return `${site} ${target}`;
}
