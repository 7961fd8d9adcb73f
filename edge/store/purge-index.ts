import { HashChains } from "./hash-chains.ts";
import { pathOf } from "./purge-match.ts";
import { Rows } from "./rows.ts";

// A word is a path or a tag. Of its text two hashes are kept. Two words that have both in common are found together, and
// whoever walks them looks at each response anyway.
const HASH = 0;
const NEXT_WORD = 1;
const SECOND_HASH = 2;
const FIRST = 3;

// A place is one response under one word. Its column 0 links the places of the response, or the free ones.
const NEXT_OF_RESPONSE = 0;
const WORD = 1;
const BEFORE = 2;
const AFTER = 3;
const RESPONSE = 4;

const PATHS = 0x70617468;
const TAGS = 0x74616773;
const SECOND = 0x5bd1e995;

/** A walk under way: the place that it comes to next. */
interface Cursor {
  next: number;
}

/** Finds stored responses, by their numbers, by path and by tag without looking at the others. */
export class PurgeIndex {
  readonly #words = new Rows(4);
  readonly #chains: HashChains;
  readonly #places = new Rows(5);
  readonly #cursors = new Set<Cursor>();

  /** `seed`: as of HashChains. */
  constructor(seed: number) {
    this.#chains = new HashChains(this.#words, { hash: HASH, next: NEXT_WORD }, seed);
  }

  /** Returns the first of its places, by which it is removed again. */
  add(response: number, target: string, tags: readonly string[]): number {
    let first = this.#place(response, this.#wordOf(pathOf(target), PATHS), 0);
    for (const tag of tags.length > 1 ? new Set(tags) : tags)
      first = this.#place(response, this.#wordOf(tag, TAGS), first);
    return first;
  }

  remove(first: number): void {
    let place = first;
    while (place !== 0) {
      const next = this.#places.get(place, NEXT_OF_RESPONSE);
      this.#unplace(place);
      place = next;
    }
  }

  // The walks below may go on while the index changes. A response that stays is met exactly once. A response that comes
  // or goes meanwhile may be met or not.

  atPath(path: string): Iterable<number> {
    return this.#walk(path, PATHS);
  }

  withTag(tag: string): Iterable<number> {
    return this.#walk(tag, TAGS);
  }

  *#walk(text: string, kind: number): Generator<number> {
    const word = this.#found(this.#chains.hashOf(text, kind), this.#chains.hashOf(text, kind ^ SECOND));
    const cursor = { next: word === 0 ? 0 : this.#words.get(word, FIRST) };
    this.#cursors.add(cursor);
    try {
      while (cursor.next !== 0) {
        const place = cursor.next;
        cursor.next = this.#places.get(place, AFTER);
        yield this.#places.get(place, RESPONSE);
      }
    } finally {
      this.#cursors.delete(cursor);
    }
  }

  #found(hash: number, second: number): number {
    let word = this.#chains.first(hash);
    while (word !== 0) {
      if (this.#words.get(word, HASH) === hash && this.#words.get(word, SECOND_HASH) === second) return word;
      word = this.#words.get(word, NEXT_WORD);
    }
    return 0;
  }

  #wordOf(text: string, kind: number): number {
    const [hash, second] = [this.#chains.hashOf(text, kind), this.#chains.hashOf(text, kind ^ SECOND)];
    const found = this.#found(hash, second);
    if (found !== 0) return found;
    const word = this.#words.take();
    this.#words.set(word, HASH, hash);
    this.#words.set(word, SECOND_HASH, second);
    this.#words.set(word, FIRST, 0);
    this.#chains.add(word);
    return word;
  }

  /** At the begin of the word's places, so that no walk under way meets it. */
  #place(response: number, word: number, nextOfResponse: number): number {
    const places = this.#places;
    const place = places.take();
    const after = this.#words.get(word, FIRST);
    places.set(place, NEXT_OF_RESPONSE, nextOfResponse);
    places.set(place, WORD, word);
    places.set(place, BEFORE, 0);
    places.set(place, AFTER, after);
    places.set(place, RESPONSE, response);
    if (after !== 0) places.set(after, BEFORE, place);
    this.#words.set(word, FIRST, place);
    return place;
  }

  #unplace(place: number): void {
    const places = this.#places;
    const [before, after, word] = [
      places.get(place, BEFORE),
      places.get(place, AFTER),
      places.get(place, WORD),
    ];
    for (const cursor of this.#cursors) if (cursor.next === place) cursor.next = after;
    if (after !== 0) places.set(after, BEFORE, before);
    if (before !== 0) places.set(before, AFTER, after);
    else this.#words.set(word, FIRST, after);
    places.give(place);
    if (before !== 0 || after !== 0) return;
    this.#chains.remove(word);
    this.#words.give(word);
  }
}
