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

  // The walks below may go on while the index changes. A response that stays is met exactly once. A response that comes
  // or goes meanwhile may be met or not.

  atPath(path: string): Iterable<StoredResponse> {
    return this.#byPath.get(path) ?? [];
  }

  withTag(tag: string): Iterable<StoredResponse> {
    return this.#byTag.get(tag) ?? [];
  }

  *all(): Iterable<StoredResponse> {
    for (const responses of this.#byPath.values()) yield* responses;
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
