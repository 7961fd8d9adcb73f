import { hash } from "node:crypto";
import type { CacheRequest } from "../rules/exchange.ts";
import { normalQuery, type SearchVariance, split } from "../rules/no-vary-search.ts";

// A request is compared once with each. An origin gives one value of the field for a path, or a few while it changes.
const MOST_VARIANCES = 4;

// As many as a key has variants. The oldest can still be found by their own targets.
const MOST_ALIKE = 16;

/** A response that may stand for other targets. */
export interface StandIn extends Located {
  readonly variance: SearchVariance | undefined;
}

/** The responses of one path that vary on the same parts of their queries. */
interface Alike<T extends StandIn> {
  readonly variance: SearchVariance;
  /** By the digest of the normal form of their queries; the oldest first. */
  readonly byQuery: Map<string, T[]>;
}

type Located = Pick<CacheRequest, "site" | "base" | "target">;

/** Finds responses that stand for other targets by No-Vary-Search, in the same time however many are stored. */
export class EquivalentsIndex<T extends StandIn> {
  readonly #byPath = new Map<string, Map<string, Alike<T>>>();

  add(stored: T): void {
    const { variance } = stored;
    const query = digestOf(stored.target, variance);
    if (variance === undefined || query === undefined) return;
    const place = placeOf(stored);
    const alikes = this.#byPath.get(place) ?? new Map<string, Alike<T>>();
    const name = nameOf(variance);
    const alike = alikes.get(name) ?? { variance, byQuery: new Map() };
    if (!alikes.has(name) && alikes.size >= MOST_VARIANCES) return;
    const others = alike.byQuery.get(query) ?? [];
    alike.byQuery.set(query, [...others, stored].slice(-MOST_ALIKE));
    alikes.set(name, alike);
    this.#byPath.set(place, alikes);
  }

  remove(stored: T): void {
    const { variance } = stored;
    const query = digestOf(stored.target, variance);
    if (variance === undefined || query === undefined) return;
    const place = placeOf(stored);
    const alikes = this.#byPath.get(place);
    const alike = alikes?.get(nameOf(variance));
    const others = alike?.byQuery.get(query)?.filter((other) => other !== stored);
    if (alikes === undefined || alike === undefined || others === undefined) return;
    if (others.length > 0) alike.byQuery.set(query, others);
    else alike.byQuery.delete(query);
    if (alike.byQuery.size === 0) alikes.delete(nameOf(variance));
    if (alikes.size === 0) this.#byPath.delete(place);
  }

  /** Responses stored for another target that also answer this one. */
  find(request: Located): readonly T[] {
    // Most requests, and most hits, are at no such path.
    const alikes = this.#byPath.size === 0 ? undefined : this.#byPath.get(placeOf(request));
    if (alikes === undefined) return NONE;
    const found: T[] = [];
    for (const { variance, byQuery } of alikes.values()) {
      const query = digestOf(request.target, variance);
      if (query === undefined) return NONE;
      for (const stored of byQuery.get(query) ?? []) if (stored.target !== request.target) found.push(stored);
    }
    return found;
  }
}

const NONE: readonly never[] = [];

function placeOf({ site, base = "", target }: Located): string {
  return `${site} ${base}${split(target).path}`;
}

/** Short, whatever the query: it is kept beside every response. */
function digestOf(target: string, variance: SearchVariance | undefined): string | undefined {
  if (variance === undefined) return undefined;
  const normal = normalQuery(split(target).query, variance);
  return normal === undefined ? undefined : hash("sha256", normal, "base64url");
}

function nameOf({ onlyThese, keys, ordered }: SearchVariance): string {
  return JSON.stringify([onlyThese, ordered, [...keys].sort()]);
}
