import type { PurgeTarget } from "../../purge-log/purge.ts";
import { equivalentTargets, type SearchVariance } from "../rules/no-vary-search.ts";

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
      return response.target.startsWith(purge.prefix);
    case "tag":
      return response.tags === "unknown" || response.tags.includes(purge.tag);
    case "everything":
      return true;
  }
}

/** Whether the purge is of everything there is. */
export function isAll(purge: PurgeTarget): boolean {
  return purge.kind === "everything" && purge.site === undefined;
}

function coversUrl(named: string, { target, variance }: Purgeable): boolean {
  if (!named.includes("?")) return named === pathOf(target);
  if (variance === "unknown") return pathOf(named) === pathOf(target);
  return equivalentTargets(named, target, variance);
}

/** The target without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query === -1 ? target : target.slice(0, query);
}
