import { LRUCache } from "lru-cache";
import { listMembers } from "../../http/message/comma-list.ts";
import type { Fields } from "../../http/message/fields.ts";
import { isForgeable } from "../../http/message/forgeable-fields.ts";
import { isToken } from "../../http/message/token.ts";
import { isReadHere, isShareable } from "../origin/forwarded-fields.ts";

// As many as one Vary may have. A client cannot make an origin name more, unless the origin repeats what it gets.
const MOST_NAMES = 16;

// Of keys and names together. What is forgotten costs a second fetch.
const MOST_CHARACTERS = 2 ** 22;

/** Fields beside the usual ones that the responses of a key vary on: the origin gets them with every fill of that key. */
export class VaryNames {
  readonly #byKey = new LRUCache<string, ReadonlySet<string>>({
    maxSize: MOST_CHARACTERS,
    sizeCalculation: (names, key) => key.length + [...names].join().length + 1,
  });

  /** Names in lower case. */
  of(key: string): ReadonlySet<string> {
    return this.#byKey.get(key) ?? NONE;
  }

  /** Notes what a response varies on. Returns the names that the origin did not get, because they were not known. */
  learn(key: string, response: Fields, known: ReadonlySet<string>): readonly string[] {
    const named = response.all("vary").flatMap(listMembers);
    const names = named.map((name) => name.toLowerCase()).filter((name) => isToken(name) && name !== "*");
    // What the edge vouches for it always sends, and what a proxy would send it never takes from a client.
    const fresh = names.filter(
      (name) => !isShareable(name, known) && !isForgeable(name) && !isReadHere(name),
    );
    if (fresh.length === 0) return [];
    const all = new Set([...this.of(key), ...fresh]);
    if (all.size <= MOST_NAMES) this.#byKey.set(key, all);
    return fresh;
  }
}

const NONE: ReadonlySet<string> = new Set();
