import { pathOf } from "./purge-match.ts";
import type { StoredResponse } from "./stored-response.ts";

/** Most words have one response, which then needs no set. */
type Index = Map<string, StoredResponse | Set<StoredResponse>>;

/** Finds stored responses by path and by tag without looking at the others. */
export class PurgeIndex {
  readonly #byPath: Index = new Map();
  readonly #byTag: Index = new Map();

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
    return found(this.#byPath, path);
  }

  withTag(tag: string): Iterable<StoredResponse> {
    return found(this.#byTag, tag);
  }

  *all(): Iterable<StoredResponse> {
    for (const held of this.#byPath.values()) {
      if (held instanceof Set) yield* held;
      else yield held;
    }
  }
}

function found(index: Index, word: string): Iterable<StoredResponse> {
  const held = index.get(word);
  if (held === undefined) return [];
  return held instanceof Set ? held : [held];
}

function addTo(index: Index, word: string, stored: StoredResponse): void {
  const held = index.get(word);
  if (held === undefined) index.set(word, stored);
  else if (held instanceof Set) held.add(stored);
  else if (held !== stored) index.set(word, new Set([held, stored]));
}

// A set stays one when a single response is left: a walk through it may be going on.
function removeFrom(index: Index, word: string, stored: StoredResponse): void {
  const held = index.get(word);
  if (held === stored) index.delete(word);
  else if (held instanceof Set && held.delete(stored) && held.size === 0) index.delete(word);
}
