import { LRUCache } from "lru-cache";
import { listMembers } from "../../http/message/comma-list.ts";
import type { Fields } from "../../http/message/fields.ts";
import { isForgeable } from "../../http/message/forgeable-fields.ts";
import { isToken } from "../../http/message/token.ts";
import { isReadHere, isShareable } from "../origin/forwarded-fields.ts";

// As many as one Vary may have. A client cannot make an origin name more, unless the origin echoes client input.
const MOST_NAMES = 16;

// Characters of keys and names together. A forgotten name costs a second fetch.
const MOST_CHARACTERS = 2 ** 22;

/** The additional fields that the responses of a key vary on. Every fill of that key forwards them to the origin. */
export class VaryNames {
  readonly #byKey = new LRUCache<string, ReadonlySet<string>>({
    maxSize: MOST_CHARACTERS,
    sizeCalculation: (names, key) => key.length + [...names].join().length + 1,
  });

  /** Names in lower case. */
  of(key: string): ReadonlySet<string> {
    return this.#byKey.get(key) ?? NONE;
  }

  /** Learns what a response varies on. Returns the names that were unknown, so that the origin did not receive them. */
  learn(key: string, response: Fields, known: ReadonlySet<string>): readonly string[] {
    const named = response.all("vary").flatMap(listMembers);
    const names = named.map((name) => name.toLowerCase()).filter((name) => isToken(name) && name !== "*");
    // The edge always sends its own fields, and never takes from a client what only a proxy sends.
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
