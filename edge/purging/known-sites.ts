import type { Purge, PurgeTarget } from "../../purge-log/purge.ts";

/** The parts of an edge's sites that purging needs. */
export interface KnownSites {
  readonly names: readonly string[];
  /** Equal at edges whose sites have the same hosts. */
  readonly digest: string;
}

/** The meaning of a purge at this edge. */
export interface Meant {
  readonly purge: Purge;
  /** Sites that it names and this edge does not know, or may know otherwise. */
  readonly unknown: readonly string[];
}

export const UNKNOWN_SITES =
  "purge names sites that this edge does not have, or has with other hosts: purged in every site";

/**
 * Rule E1: an edge never purges less than was asked for. Edges may be configured differently for a while. A site that
 * this one does not know may be one that it knows by another name, and where the edge that took the call has another
 * digest of its sites, the same name may stand for other hosts: there a site means every site.
 */
export function meantHere(purge: Purge, sites: KnownSites | undefined): Meant {
  const unknown = new Set<string>();
  const differs = sites !== undefined && purge.sites !== undefined && purge.sites !== sites.digest;
  for (const { site } of purge.targets) {
    if (site !== undefined && (differs || sites?.names.includes(site) === false)) unknown.add(site);
  }
  if (unknown.size === 0) return { purge, unknown: [] };
  const targets = purge.targets.map((target) =>
    target.site !== undefined && unknown.has(target.site) ? everySite(target) : target,
  );
  return { purge: { ...purge, targets }, unknown: [...unknown] };
}

function everySite({ site: _, ...target }: PurgeTarget): PurgeTarget {
  return target;
}
