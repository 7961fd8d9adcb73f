import type { PurgeTarget } from "../../purge-log/purge.ts";
import { equivalentTargets, type SearchVariance } from "../rules/no-vary-search.ts";
import { normalPrefix, normalTarget } from "../rules/uri-equivalence.ts";

/** A response as a purge sees it. Tags and variance are unknown until its fields have arrived. */
export interface Purgeable {
  readonly site: string;
  readonly target: string;
  readonly tags: readonly string[] | "unknown";
  /** The other targets of its path that it stands for; undefined: none. */
  readonly variance: SearchVariance | undefined | "unknown";
}

/** Whether the purge covers the response, or may cover it while its fields are unknown. */
export function covers(purge: PurgeTarget, response: Purgeable): boolean {
  if (purge.site !== undefined && purge.site !== response.site) return false;
  switch (purge.kind) {
    case "url":
      return coversUrl(purge.target, response);
    case "prefix":
      return hasPrefix(response.target, purge.prefix);
    case "tag":
      return response.tags === "unknown" || response.tags.includes(purge.tag);
    case "everything":
      return true;
  }
}

/** Whether the purge covers everything. */
export function isAll(purge: PurgeTarget): boolean {
  return purge.kind === "everything" && purge.site === undefined;
}

/**
 * A purge covers every spelling of what it names (RFC 3986 section 6.2.2), because an origin gives the same response
 * for each, and clients choose the spelling.
 */
function coversUrl(named: string, { target, variance }: Purgeable): boolean {
  if (!named.includes("?")) return pathOf(named) === pathOf(target);
  if (variance === "unknown") return pathOf(named) === pathOf(target);
  return equivalentTargets(normalTarget(named), normalTarget(target), variance);
}

/** A prefix may end within a percent-escape. So the purge also covers the paths that match it as written. */
function hasPrefix(target: string, prefix: string): boolean {
  return target.startsWith(prefix) || normalTarget(target).startsWith(normalPrefix(prefix));
}

/** The path of a target, in its normal form. */
export function pathOf(target: string): string {
  const normal = normalTarget(target);
  const query = normal.indexOf("?");
  return query === -1 ? normal : normal.slice(0, query);
}
