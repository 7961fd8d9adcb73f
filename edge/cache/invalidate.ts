import type { PurgeTarget } from "../../purge-log/purge.ts";
import { cacheKey } from "../rules/cache-key.ts";
import type { CacheRequest, ResponseHead } from "../rules/exchange.ts";
import { invalidatedGroups, invalidatedTargets } from "../rules/invalidation.ts";
import { equivalentTargets, split } from "../rules/no-vary-search.ts";
import { pathOf } from "../rules/site/path-readings.ts";
import { possiblePaths, possibleTargets, seenTarget } from "../rules/site/possible-targets.ts";
import type { RuleBook } from "../rules/site/rule-book.ts";
import { normalTarget } from "../rules/uri-equivalence.ts";
import type { StoredResponse } from "../store/stored-response.ts";
import { type CacheContext, rulesOf } from "./context.ts";

// A path is stored in a few spellings. It may be stored with any number of queries, which clients make up, and no request
// may cost more than these.
const MOST_LOOKED_AT = 1_000;

// What the rules of a site may make of one target, in one turn: some milliseconds.
const MOST_TARGETS = 250;
const MOST_CHARACTERS = 250_000;

/**
 * RFC 9111 section 4.4 and RFC 9875 section 3: drops, at this edge, what an unsafe request may have changed. Fills in
 * flight are overtaken in the same step; the promise resolves when the store holds nothing of it any more. Other edges
 * are told where the site says so. `origin` is the scheme://authority of the request.
 */
export async function invalidate(
  request: CacheRequest,
  response: ResponseHead,
  origin: string,
  edge: CacheContext,
): Promise<void> {
  const { site } = request;
  const { invalidation, groupInvalidation, book } = rulesOf(edge, site);
  const changed = invalidation === "ignore" ? [] : invalidatedTargets(request, response, origin);
  // What Location names is stored under the target that its requests get.
  const { targets, paths, told, made } = storedAs(changed, book);
  const toUrl = (target: string): PurgeTarget => ({ kind: "url", target, site });
  const everyQuery = paths.map(toUrl);
  const urls = [...targets.map(toUrl), ...everyQuery];
  const named = groupInvalidation === "ignore" ? [] : invalidatedGroups(request, response);
  const groups = named.map((tag): PurgeTarget => ({ kind: "tag", tag, site }));
  if (urls.length + groups.length === 0) return;
  // A fill in flight may have read the earlier version.
  const done = edge.purges.invalidate([...urls, ...groups]);
  // Each edge finds what its own rules make of them.
  if (invalidation === "broadcast") edge.broadcast?.(told.map(toUrl), made);
  if (groupInvalidation === "broadcast") edge.broadcast?.(groups, 1);
  const mark = edge.purges.mark();
  const isNoted = mark === undefined ? undefined : edge.disk?.invalidated([...urls, ...groups], mark);
  try {
    for (const target of targets) {
      const named = { ...request, target };
      for (const stored of storedFor(named, edge)) edge.store.remove(stored);
      await removeSpellings(named, edge);
      if (mayHaveSlices(site, edge)) await removeSlices(named, edge);
    }
    const searched = [...everyQuery, ...groups];
    if (searched.length > 0) await edge.store.purge(searched);
    // Another process must know of it, too, should this one end now.
    await isNoted;
  } finally {
    done();
  }
}

interface StoredAs {
  readonly targets: readonly string[];
  /** With every query, where the targets would be too many. */
  readonly paths: readonly string[];
  /** That of which these are made. */
  readonly told: readonly string[];
  /** How many are made of one of them at most. */
  readonly made: number;
}

function storedAs(changed: readonly string[], book: RuleBook): StoredAs {
  const [targets, paths, told] = [new Set<string>(), new Set<string>(), new Set<string>()];
  let made = 0;
  for (const target of changed) {
    const most = Math.min(MOST_TARGETS, Math.floor(MOST_CHARACTERS / target.length));
    const few = possibleTargets(book, seenTarget(target), most);
    const all = few ?? possiblePaths(book, target);
    const known = few === undefined ? paths : targets;
    for (const each of all) known.add(each);
    told.add(few === undefined ? pathOf(target) : target);
    made = Math.max(made, all.length);
  }
  return { targets: [...targets], paths: [...paths], told: [...told], made };
}

/** The responses that a request for this target would be answered with, those of other targets (No-Vary-Search) included. */
function storedFor(request: CacheRequest, { store }: Pick<CacheContext, "store">): readonly StoredResponse[] {
  return [...store.peek(cacheKey(request)), ...store.equivalents(request)];
}

/** RFC 3986 section 6.2.2: a request changes the resource whatever spelling it names it by, as a purge does. */
async function removeSpellings({ site, base, target }: CacheRequest, { store }: CacheContext): Promise<void> {
  const normal = normalTarget(target);
  let lookedAt = 0;
  for await (const stored of store.coveredBy([{ kind: "url", target: split(target).path, site }])) {
    const isSame = equivalentTargets(normal, normalTarget(stored.target), stored.variance);
    if (isSame && stored.base === base) store.remove(stored);
    lookedAt += 1;
    if (lookedAt === MOST_LOOKED_AT) return;
  }
}

function mayHaveSlices(site: string, edge: CacheContext): boolean {
  const { slice, book } = rulesOf(edge, site);
  return slice !== "off" || book.rules.some(({ rule }) => rule.slice !== undefined && rule.slice !== "off");
}

/** A body may have more slices than are looked at above, and one that is left would be served. */
async function removeSlices({ site, base, target }: CacheRequest, { store }: CacheContext): Promise<void> {
  for await (const stored of store.coveredBy([{ kind: "url", target, site }])) {
    const isSlice = stored.status === 206 && stored.target === target && stored.base === base;
    if (isSlice) store.remove(stored);
  }
}
