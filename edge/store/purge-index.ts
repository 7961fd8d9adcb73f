import { pathOf } from "./purge-match.ts";
import type { StoredResponse } from "./stored-response.ts";

/** Finds stored responses by path and by tag without looking at the others. */
export class PurgeIndex {
  /** Of the responses at a path, those that stand for more targets than their own. */
  readonly #looseByPath = new Map<string, Set<StoredResponse>>();
  readonly #byPath = new Map<string, Set<StoredResponse>>();
  readonly #byTag = new Map<string, Set<StoredResponse>>();

  add(stored: StoredResponse): void {
    addTo(this.#byPath, pathOf(stored.target), stored);
    if (stored.variance !== undefined) addTo(this.#looseByPath, pathOf(stored.target), stored);
    for (const tag of stored.tags) addTo(this.#byTag, tag, stored);
  }

  remove(stored: StoredResponse): void {
    removeFrom(this.#byPath, pathOf(stored.target), stored);
    if (stored.variance !== undefined) removeFrom(this.#looseByPath, pathOf(stored.target), stored);
    for (const tag of stored.tags) removeFrom(this.#byTag, tag, stored);
  }

  atPath(path: string): Iterable<StoredResponse> {
    return this.#byPath.get(path) ?? [];
  }

  /** Path by path. Paths that come or go meanwhile are met, or not. */
  byPath(): Iterable<Iterable<StoredResponse>> {
    return this.#byPath.values();
  }

  looseAtPath(path: string): Iterable<StoredResponse> {
    return this.#looseByPath.get(path) ?? [];
  }

  withTag(tag: string): Iterable<StoredResponse> {
    return this.#byTag.get(tag) ?? [];
  }
}

function addTo(index: Map<string, Set<StoredResponse>>, word: string, stored: StoredResponse): void {
  const found = index.get(word);
  if (found === undefined) index.set(word, new Set([stored]));
  else found.add(stored);
}

function removeFrom(index: Map<string, Set<StoredResponse>>, word: string, stored: StoredResponse): void {
  const found = index.get(word);
  if (found?.delete(stored) === true && found.size === 0) index.delete(word);
}
