import type { PurgeTarget } from "../../purge-log/purge.ts";

/** One URL of the origin. Each version of it has other bytes, and may have other tags. */
export interface Page {
  readonly target: string;
  readonly cacheControl: string;
  /** The field in which it says its tags, with what separates them. */
  readonly tagField: "Cache-Groups" | "Surrogate-Key" | "Cache-Tag";
  readonly tags: readonly string[];
  /** The origin takes its time for this one. */
  readonly slow: boolean;
}

/** One for each way in which a response may be used: fresh, validated, stale behind a refresh, stale on error. */
export const PAGES: readonly Page[] = [
  page("/a/long", "max-age=600", "Surrogate-Key", ["a"]),
  page("/a/query?x=1", "max-age=600", "Cache-Tag", ["a", "both"]),
  page("/a/slow", "max-age=600", "Cache-Groups", ["a"], true),
  page("/b/behind", "max-age=600, stale-while-revalidate=1", "Surrogate-Key", ["b"]),
  page("/b/behind-slow", "max-age=1, stale-while-revalidate=600", "Cache-Groups", ["b", "both"], true),
  page("/b/asked", "no-cache", "Cache-Tag", ["b"], true),
  page("/c/short", "max-age=1", "Surrogate-Key", ["c", "both"]),
  page("/c/on-error", "max-age=600, stale-if-error=1", "Surrogate-Key", ["c"]),
];

function page(
  target: string,
  cacheControl: string,
  tagField: Page["tagField"],
  tags: readonly string[],
  slow = false,
): Page {
  return { target, cacheControl, tagField, tags, slow };
}

/** For how many seconds the page lets itself be served stale for this reason. */
export function staleSeconds(
  { cacheControl }: Page,
  why: "stale-while-revalidate" | "stale-if-error",
): number {
  return Number(new RegExp(`${why}=(\\d+)`).exec(cacheControl)?.[1] ?? 0);
}

/** The tags of one version: some come and go with the versions. */
export function tagsAt(page: Page, version: number): readonly string[] {
  return [...page.tags, version % 2 === 0 ? "even" : "odd"];
}

export function tagText(page: Page, version: number): string {
  const tags = tagsAt(page, version);
  switch (page.tagField) {
    case "Cache-Groups":
      return tags.map((tag) => `"${tag}"`).join(", ");
    case "Surrogate-Key":
      return tags.join(" ");
    case "Cache-Tag":
      return tags.join(",");
  }
}

/** All bytes of one version, as ASCII: no two versions of a page share a byte range of four. */
export function textAt(target: string, version: number): string {
  return `${String(version).padStart(4, ".")}|`.repeat(6) + target;
}

/** Whether the purge is about the page in this version: said once more, apart from the code under test. */
export function isMeant(purge: PurgeTarget, page: Page, version: number): boolean {
  switch (purge.kind) {
    case "url":
      return purge.target === page.target || purge.target === page.target.split("?", 1)[0];
    case "prefix":
      return page.target.startsWith(purge.prefix);
    case "tag":
      return tagsAt(page, version).includes(purge.tag);
    case "everything":
      return true;
  }
}
