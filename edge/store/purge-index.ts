import { pathOf } from "./purge-match.ts";
import type { StoredResponse } from "./stored-response.ts";

/** Finds stored responses by path and by tag without looking at the others. */
export class PurgeIndex {
  readonly #byPath = new Map<string, Set<StoredResponse>>();
  readonly #byTag = new Map<string, Set<StoredResponse>>();

  add(stored: StoredResponse): void {
    addTo(this.#byPath, pathOf(stored.target), stored);
    for (const tag of stored.tags) addTo(this.#byTag, tag, stored);
  }

  remove(stored: StoredResponse): void {
    removeFrom(this.#byPath, pathOf(stored.target), stored);
    for (const tag of stored.tags) removeFrom(this.#byTag, tag, stored);
  }

  atPath(path: string): Iterable<StoredResponse> {
    return this.#byPath.get(path) ?? [];
  }

  withTag(tag: string): Iterable<StoredResponse> {
    return this.#byTag.get(tag) ?? [];
  }

  /** How many paths and tags it knows: 0 when nothing is stored. */
  get size(): number {
    return this.#byPath.size + this.#byTag.size;
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
