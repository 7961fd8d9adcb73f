import type { Purge, PurgeTarget } from "../../purge-log/purge.ts";

/** The parts of an edge's sites that purging needs. */
export interface KnownSites {
  readonly names: readonly string[];
  /** Equal at edges whose sites have the same hosts. */
  readonly digest: string;
  /** The targets that requests for `target` may have by the rules of a site, each with the site. `site`: of this one only. */
  replaced?(
    target: string,
    site: string | undefined,
  ): readonly { readonly site: string; readonly target: string }[];
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
  const named = purge.targets.map((target) =>
    target.site !== undefined && unknown.has(target.site) ? everySite(target) : target,
  );
  const more = replacedTargets(named, sites);
  if (unknown.size + more.length === 0) return { purge, unknown: [] };
  return { purge: { ...purge, targets: [...named, ...more] }, unknown: [...unknown] };
}

/** A URL is stored under the target that its requests get by the rules of its site. */
export function replacedTargets(
  targets: readonly PurgeTarget[],
  sites: Pick<KnownSites, "replaced"> | undefined,
): readonly PurgeTarget[] {
  if (sites?.replaced === undefined) return [];
  const more: PurgeTarget[] = [];
  for (const named of targets) {
    if (named.kind !== "url") continue;
    for (const { site, target } of sites.replaced(named.target, named.site))
      if (target !== named.target) more.push({ kind: "url", target, site });
  }
  return more;
}

function everySite({ site: _, ...target }: PurgeTarget): PurgeTarget {
  return target;
}
