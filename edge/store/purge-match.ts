import type { PurgeTarget } from "../../purge-log/purge.ts";

/** A response as far as purging is concerned. Its tags are unknown until its fields have arrived. */
export interface Purgeable {
  readonly site: string;
  readonly target: string;
  readonly tags: readonly string[] | "unknown";
}

/** Whether the purge may cover the response. While its tags are unknown, any tag may be among them. */
export function covers(purge: PurgeTarget, response: Purgeable): boolean {
  if (purge.site !== undefined && purge.site !== response.site) return false;
  switch (purge.kind) {
    case "url":
      return purge.target.includes("?")
        ? purge.target === response.target
        : purge.target === pathOf(response.target);
    case "prefix":
      return response.target.startsWith(purge.prefix);
    case "tag":
      return response.tags === "unknown" || response.tags.includes(purge.tag);
    case "everything":
      return true;
  }
}

/** The target without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query === -1 ? target : target.slice(0, query);
}
