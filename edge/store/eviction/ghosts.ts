// A few are always worth their memory.
const LEAST = 1_024;

/** The hashes of entries that were given up lately, the latest ones only. A hash may stand for another entry. */
export class Ghosts {
  /** The hashes in the order in which they came, from `#first` on, around and around. */
  #ring = new Int32Array(LEAST);
  #first = 0;
  #count = 0;
  /** By hash, how many came before it. */
  readonly #numbers = new Map<number, number>();

  get size(): number {
    return this.#numbers.size;
  }

  /** `most`: so many are remembered. */
  add(hash: number, most: number): void {
    while (this.#count - this.#first >= Math.max(LEAST, most)) this.#forgetOldest();
    if (this.#count - this.#first === this.#ring.length) this.#widen();
    this.#ring[this.#count % this.#ring.length] = hash;
    this.#numbers.set(hash, this.#count);
    this.#count += 1;
  }

  /** Whether it is remembered. It is forgotten then. */
  take(hash: number): boolean {
    return this.#numbers.delete(hash);
  }

  #forgetOldest(): void {
    const hash = this.#ring[this.#first % this.#ring.length] ?? 0;
    // It may have come again since.
    if (this.#numbers.get(hash) === this.#first) this.#numbers.delete(hash);
    this.#first += 1;
  }

  #widen(): void {
    const wider = new Int32Array(2 * this.#ring.length);
    for (let number = this.#first; number < this.#count; number += 1)
      wider[number % wider.length] = this.#ring[number % this.#ring.length] ?? 0;
    this.#ring = wider;
  }
}
