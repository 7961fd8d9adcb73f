import type { WorkSlice } from "../../process/work-slice.ts";
import type { PurgeTarget } from "../../purge-log/purge.ts";
import { pathOf } from "../rules/site/path-readings.ts";
import { possibleTargets, type SeenTarget, seenTarget } from "../rules/site/possible-targets.ts";
import type { TargetRules } from "../rules/site/target-rules.ts";
import { TARGET_LIMITS, TargetRoom } from "./target-room.ts";

/** The sites of an edge, as far as their rules give requests other targets. */
export interface TargetSites {
  readonly names: readonly string[];
  readonly targetRules?: readonly TargetRules[];
}

/** What is stored for the URLs of a purge under other targets. */
export interface StoredTargets {
  readonly targets: readonly PurgeTarget[];
  /** The sites in which more is covered than the URLs: their rules would make too many targets. */
  readonly widened: readonly string[];
}

// A rule looks at the whole of a query. A look is at so many characters.
const LOOK_LENGTH = 64;

interface NamedUrl extends SeenTarget {
  readonly site: string | undefined;
  /** That it takes for each rule. */
  readonly looks: number;
}

/**
 * A URL is stored under the target that its requests get by the rules of its site. Found in slices. Where rules would
 * make too many targets, the purge covers more there, never less (rule E1): the same targets in every site; or the
 * paths with every query, where the rules change queries only; or the whole site.
 */
export async function storedTargets(
  named: readonly PurgeTarget[],
  sites: TargetSites | undefined,
  slice: WorkSlice,
  limits = TARGET_LIMITS,
): Promise<StoredTargets> {
  const { names = [], targetRules = [] } = sites ?? {};
  const targets: PurgeTarget[] = [];
  const widened: string[] = [];
  const urls = new Urls(named);
  const withEveryQuery = new Set<NamedUrl>();
  const room = new TargetRoom(limits);
  for (const { sites: alike, book } of targetRules) {
    const concerned = urls.concerning(alike);
    if (slice.isOver(1 + concerned.length)) await slice.pause();
    const looks = concerned.reduce((sum, url) => sum + url.looks, 0);
    const isInTime = room.look(looks * book.targetRules.length);
    const made = isInTime ? await madeBy(book, concerned, room, slice) : undefined;
    if (made !== undefined) {
      // Where all sites are alike, their name says nothing.
      const scopes = alike.length === names.length ? [undefined] : alike;
      for (const target of made.within(scopes, room)) targets.push(target);
      continue;
    }
    const covered = urls.sitesAmong(alike);
    for (const site of covered) widened.push(site);
    if (book.targetRules.some(({ rule }) => rule.rewrite !== undefined))
      for (const site of covered) targets.push({ kind: "everything", site });
    else for (const url of concerned) if (url.target.includes("?")) withEveryQuery.add(url);
  }
  for (const { target, site } of withEveryQuery) targets.push(urlTarget(pathOf(target), site));
  return { targets, widened };
}

/** Undefined when there is no room for them. */
async function madeBy(
  book: TargetRules["book"],
  urls: readonly NamedUrl[],
  room: TargetRoom,
  slice: WorkSlice,
): Promise<MadeTargets | undefined> {
  const made = new MadeTargets();
  for (const url of urls) {
    if (slice.isOver(url.looks * book.targetRules.length)) await slice.pause();
    const possible = possibleTargets(book, url, 1 + room.mostOf(url.target.length));
    for (const target of possible ?? []) if (target !== url.target) made.add(target, url.site);
    if (possible !== undefined && room.has(made.size, made.characters)) continue;
    room.miss();
    return undefined;
  }
  return made;
}

/** Each target once, by the sites that its URL names. */
class MadeTargets {
  readonly #bySite = new Map<string | undefined, Set<string>>();
  size = 0;
  characters = 0;

  add(target: string, site: string | undefined): void {
    const known = this.#bySite.get(site) ?? new Set();
    this.#bySite.set(site, known);
    if (known.has(target)) return;
    known.add(target);
    this.size += 1;
    this.characters += target.length;
  }

  /** `scopes`: the sites to name where a URL names none. Where there is no room for so many, none is named. */
  *within(scopes: readonly (string | undefined)[], room: TargetRoom): Generator<PurgeTarget> {
    const { size, characters } = this;
    const times = room.has(size * scopes.length, characters * scopes.length) ? scopes.length : 1;
    room.take(size * times, characters * times);
    for (const [site, targets] of this.#bySite) {
      const names = site !== undefined || times < scopes.length ? [site] : scopes;
      for (const target of targets) for (const name of names) yield urlTarget(target, name);
    }
  }
}

/** The URLs among the targets of a purge, by the sites that they name. */
class Urls {
  readonly #inEverySite: readonly NamedUrl[];
  readonly #bySite: ReadonlyMap<string | undefined, readonly NamedUrl[]>;

  constructor(named: readonly PurgeTarget[]) {
    const urls = named.flatMap((target): readonly NamedUrl[] =>
      target.kind === "url"
        ? [
            {
              ...seenTarget(target.target),
              site: target.site,
              looks: 1 + Math.floor(target.target.length / LOOK_LENGTH),
            },
          ]
        : [],
    );
    this.#bySite = Map.groupBy(urls, ({ site }) => site);
    this.#inEverySite = this.#bySite.get(undefined) ?? [];
  }

  concerning(sites: readonly string[]): readonly NamedUrl[] {
    return [...this.#inEverySite, ...sites.flatMap((site) => this.#bySite.get(site) ?? [])];
  }

  /** Those that some URL is in. */
  sitesAmong(sites: readonly string[]): readonly string[] {
    return this.#inEverySite.length > 0 ? sites : sites.filter((site) => this.#bySite.has(site));
  }
}

function urlTarget(target: string, site: string | undefined): PurgeTarget {
  return { kind: "url", target, ...(site === undefined ? {} : { site }) };
}
