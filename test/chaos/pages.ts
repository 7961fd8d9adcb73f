import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import type { PurgeTarget } from "../../purge-log/purge.ts";

/** One page of the origin. */
export interface Page {
  /** Path with query. */
  readonly url: string;
  readonly tags: readonly string[];
  readonly cacheControl: string;
  /** Bytes of its content. */
  readonly length: number;
}

const GROUPS = 4;
const PAGES_A_GROUP = 6;
const TAGS = 5;
const LENGTH = 2_000;
// Less than a quarter of the memory of the edges (disks.ts), or they would not store it.
const LARGE_LENGTH = 200_000;

// By number in a group: every purge kind must also meet revalidation in the background, and responses that a soft purge
// lets be served stale, for longer and for shorter than most faults last.
const CACHE_CONTROLS: readonly (string | undefined)[] = [
  undefined,
  "max-age=1, stale-while-revalidate=60",
  "max-age=3600, stale-while-revalidate=1",
];

/** Purged when the runner wants to know whether a purge reaches everybody; nobody reads it. */
export const PROBE = "/probe";

/** Pages in groups with common prefixes. Some have a query, and some go stale soon. */
export const PAGES: readonly Page[] = Array.from({ length: GROUPS * PAGES_A_GROUP }, (_, index) => {
  const number = index % PAGES_A_GROUP;
  return {
    url: `/g${Math.floor(index / PAGES_A_GROUP)}/p${number}${number === 5 ? "?view=print" : ""}`,
    tags: [`t${index % TAGS}`, ...(index % 7 === 0 ? ["featured"] : [])],
    cacheControl: CACHE_CONTROLS[number] ?? "max-age=3600",
    length: number % 2 === 0 ? LARGE_LENGTH : LENGTH,
  };
});

/** For how many seconds it lets itself be served stale while it is refreshed. */
export function staleSeconds({ cacheControl }: Page): number {
  return Number(/stale-while-revalidate=(\d+)/.exec(cacheControl)?.[1] ?? 0);
}

/** Whether the target names the page: what an operator reads in the manual, not the edge's own matching. */
export function names(target: PurgeTarget, page: Page): boolean {
  switch (target.kind) {
    case "url":
      return page.url === target.target || page.url.split("?", 1)[0] === target.target;
    case "prefix":
      return page.url.startsWith(target.prefix);
    case "tag":
      return page.tags.includes(target.tag);
    case "everything":
      return true;
  }
}

/** One target or a few, most often a single page. */
export function someTargets(random: SeededRandom): readonly PurgeTarget[] {
  const count = random.chance(0.15) ? random.whole(2, 4) : 1;
  return Array.from({ length: count }, () => someTarget(random));
}

function someTarget(random: SeededRandom): PurgeTarget {
  const dice = random.next();
  const { url, tags } = random.pick(PAGES);
  if (dice < 0.45) return { kind: "url", target: url };
  if (dice < 0.55) return { kind: "url", target: url.split("?", 1)[0] ?? url };
  if (dice < 0.75) return { kind: "tag", tag: random.pick(tags) };
  if (dice < 0.95) return { kind: "prefix", prefix: url.slice(0, random.whole(2, url.length)) };
  return { kind: "everything" };
}

export function describeTargets(targets: readonly PurgeTarget[]): string {
  return targets.map(describeTarget).join(", ");
}

function describeTarget(target: PurgeTarget): string {
  switch (target.kind) {
    case "url":
      return target.target;
    case "prefix":
      return `${target.prefix}*`;
    case "tag":
      return `tag ${target.tag}`;
    case "everything":
      return "everything";
  }
}
