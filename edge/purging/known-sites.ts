import type { WorkSlice } from "../../process/work-slice.ts";
import type { Purge, PurgeTarget } from "../../purge-log/purge.ts";
import { allNamed, type NamedTarget } from "./named-target.ts";
import { storedTargets, type TargetSites } from "./stored-targets.ts";

/** The parts of an edge's sites that purging needs. */
export interface KnownSites extends TargetSites {
  /** Equal at edges whose sites have the same hosts. */
  readonly digest: string;
  /** Another number once they were replaced. */
  readonly generation?: number;
}

/** The meaning of a purge at this edge. */
export interface Meant {
  readonly purge: Purge;
  /** Its targets, as they are looked up. */
  readonly targets: readonly NamedTarget[];
  /** Sites that it names and this edge does not know, or may know otherwise. */
  readonly unknown: readonly string[];
  /** Sites in which it covers more than its URLs: their rules would make too many targets. */
  readonly widened: readonly string[];
}

export const UNKNOWN_SITES =
  "purge names sites that this edge does not have, or has with other hosts: purged in every site";

export const WIDENED_SITES =
  "rules of these sites make too many targets of the URLs of a purge: purged the paths with every query, or the whole site";

/**
 * Rule E1: an edge never purges less than was asked for. Edges may be configured differently for a while. A site that
 * this one does not know may be one that it knows by another name, and where the edge that took the call has another
 * digest of its sites, the same name may stand for other hosts: there a site means every site.
 */
export async function meantHere(
  purge: Purge,
  sites: KnownSites | undefined,
  slice: WorkSlice,
): Promise<Meant> {
  for (;;) {
    const generation = sites?.generation;
    const { named, unknown } = inKnownSites(purge, sites);
    const { targets: more, widened } = await storedTargets(named, sites, slice);
    const targets = [...named, ...more];
    const lookedUp = await allNamed(targets, slice);
    // Sites that were replaced meanwhile may store the same URLs under other targets.
    if (sites?.generation === generation)
      return { purge: { ...purge, targets }, targets: lookedUp, unknown, widened };
  }
}

function inKnownSites(
  { targets, sites: digest }: Purge,
  sites: KnownSites | undefined,
): { readonly named: readonly PurgeTarget[]; readonly unknown: readonly string[] } {
  const differs = sites !== undefined && digest !== undefined && digest !== sites.digest;
  const known = new Set(sites?.names);
  const unknown = new Set<string>();
  for (const { site } of targets) {
    if (site !== undefined && (differs || (sites !== undefined && !known.has(site)))) unknown.add(site);
  }
  const named = targets.map((target) =>
    target.site !== undefined && unknown.has(target.site) ? everySite(target) : target,
  );
  return { named, unknown: [...unknown] };
}

function everySite({ site: _, ...target }: PurgeTarget): PurgeTarget {
  return target;
}
