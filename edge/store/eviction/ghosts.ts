const LEAST_PLACES = 2 ** 10;
// 8 MiB, enough for half a million entries. With more entries, fewer are remembered.
const MOST_PLACES = 2 ** 20;
// A new hash overwrites the one in its place. With two places for each, most often that is an old one.
const PLACES_A_HASH = 2;

/**
 * The hashes of entries that were given up lately, nearly all of the latest ones. A hash may stand for another entry. Its
 * memory is bounded.
 */
export class Ghosts {
  #hashes = new Int32Array(LEAST_PLACES);
  /** By place, the number of its hash; 0: the place is free. */
  #numbers = new Uint32Array(LEAST_PLACES);
  #count = 0;

  /** Of memory. */
  get bytes(): number {
    return this.#hashes.byteLength + this.#numbers.byteLength;
  }

  /** `most`: so many are wanted. */
  add(hash: number, most: number): void {
    while (this.#hashes.length < PLACES_A_HASH * most && this.#hashes.length < MOST_PLACES) this.#widen();
    // Numbers go around after four billion; 0 is none of them.
    this.#count = (this.#count + 1) >>> 0 || 1;
    this.#set(hash, this.#count);
  }

  #set(hash: number, number: number): void {
    const place = hash & (this.#hashes.length - 1);
    this.#hashes[place] = hash;
    this.#numbers[place] = number;
  }

  /** Whether it is among the latest `most`. It is forgotten then. */
  take(hash: number, most: number): boolean {
    const place = hash & (this.#hashes.length - 1);
    const number = this.#numbers[place] ?? 0;
    if (number === 0 || this.#hashes[place] !== (hash | 0)) return false;
    this.#numbers[place] = 0;
    return (this.#count - number) >>> 0 < most;
  }

  #widen(): void {
    const [hashes, numbers] = [this.#hashes, this.#numbers];
    this.#hashes = new Int32Array(2 * hashes.length);
    this.#numbers = new Uint32Array(2 * hashes.length);
    for (let place = 0; place < hashes.length; place += 1) {
      const number = numbers[place] ?? 0;
      if (number !== 0) this.#set(hashes[place] ?? 0, number);
    }
  }
}
