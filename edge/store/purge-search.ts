import type { PurgeTarget } from "../../purge-log/purge.ts";
import { normalPrefix, normalTarget } from "../rules/uri-equivalence.ts";
import { PrefixSet } from "./prefix-set.ts";
import { covers, type Purgeable, pathOf } from "./purge-match.ts";

/** Where responses are found, by their numbers. */
export interface Searchable {
  atPath(path: string): Iterable<number>;
  withTag(tag: string): Iterable<number>;
  all(): Iterable<number>;
}

/** One walk through an index: the responses to look at, and a test for each. */
export interface PurgeSearch {
  readonly candidates: Iterable<number>;
  covers(stored: Purgeable): boolean;
}

/**
 * The walks that together meet everything the targets cover. Each URL and each tag is looked up. One walk through
 * everything that is stored serves all prefixes, one or a thousand.
 */
export function* searches(targets: readonly PurgeTarget[], index: Searchable): Generator<PurgeSearch> {
  const prefixes = new Map<string | undefined, string[]>();
  for (const target of targets) {
    switch (target.kind) {
      case "url":
        yield {
          candidates: index.atPath(pathOf(target.target)),
          covers: (stored) => covers(target, stored),
        };
        break;
      case "tag":
        yield { candidates: index.withTag(target.tag), covers: (stored) => covers(target, stored) };
        break;
      case "prefix":
        addTo(prefixes, target.site, target.prefix);
        break;
      case "everything":
        addTo(prefixes, target.site, "");
    }
  }
  if (prefixes.size > 0) yield { candidates: index.all(), covers: coveringPrefixes(prefixes) };
}

/** By site; under undefined those of every site. */
function coveringPrefixes(
  prefixes: ReadonlyMap<string | undefined, readonly string[]>,
): PurgeSearch["covers"] {
  const sets = new Map(
    [...prefixes].map(([site, those]) => [site, new PrefixSet([...those, ...those.map(normalPrefix)])]),
  );
  const everywhere = sets.get(undefined);
  const covered = (site: string, target: string): boolean =>
    everywhere?.covers(target) === true || sets.get(site)?.covers(target) === true;
  return ({ site, target }) => covered(site, target) || covered(site, normalTarget(target));
}

function addTo(prefixes: Map<string | undefined, string[]>, site: string | undefined, prefix: string): void {
  const those = prefixes.get(site);
  if (those === undefined) prefixes.set(site, [prefix]);
  else those.push(prefix);
}
