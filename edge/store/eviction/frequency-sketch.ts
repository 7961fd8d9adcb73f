// Four rows of counters: a count is the least of the four, so two keys are mixed up only where all four meet.
const ROWS = 4;
// Eight counters of a row for each entry: so most counts are exact. They take 16 bytes.
const COUNTERS_AN_ENTRY = 8;
const LEAST_WIDTH = 2 ** 10;
// 8 MiB of counters, enough for half a million entries. With more entries, counts become less exact.
const MOST_WIDTH = 2 ** 22;
// Counters of four bits, eight in a word, as in TinyLFU.
const IN_WORD = 8;
const MOST = 15;
// After so many uses of each entry, all counts are halved. In simulations of Zipf, scans and news, 10 to 20 were worse for
// most of them.
const SAMPLE = 40;

/**
 * How often keys came of late, by their hashes, whether they are stored or not: a count-min sketch that forgets
 * (TinyLFU: Einziger, Friedman and Manes, 2017). Its memory is bounded.
 */
export class FrequencySketch {
  #width = LEAST_WIDTH;
  #words = wordsOf(LEAST_WIDTH);
  #additions = 0;

  /** Of memory. */
  get bytes(): number {
    return this.#words.byteLength;
  }

  /** Grows with the number of entries, in steps that double it. */
  reach(entries: number): void {
    while (this.#width < COUNTERS_AN_ENTRY * entries && this.#width < MOST_WIDTH) this.#grow();
  }

  #grow(): void {
    const old = this.#words;
    const row = this.#width / IN_WORD;
    this.#width *= 2;
    this.#words = wordsOf(this.#width);
    // A hash falls on its old place, or on the one that is as far behind as the row was wide: both get the count.
    for (let at = 0; at < old.length; at += row) {
      this.#words.set(old.subarray(at, at + row), 2 * at);
      this.#words.set(old.subarray(at, at + row), 2 * at + row);
    }
  }

  add(hash: number, times: number): void {
    for (let row = 0; row < ROWS; row += 1) {
      const place = this.#placeOf(hash, row);
      const word = this.#words[place >>> 3] ?? 0;
      const shift = 4 * (place & 7);
      const added = Math.min(times, MOST - ((word >>> shift) & MOST));
      // The array keeps 32 bits, whatever the sign. `2 ** shift` is a call into libm, for each hit.
      this.#words[place >>> 3] = word + (added << shift);
    }
    this.#additions += times;
    if (this.#additions >= (SAMPLE / COUNTERS_AN_ENTRY) * this.#width) this.#halve();
  }

  /** At most 15. It may be too high, and never is too low for what was added since the last halving. */
  count(hash: number): number {
    let least = MOST;
    for (let row = 0; row < ROWS; row += 1) {
      const place = this.#placeOf(hash, row);
      const count = ((this.#words[place >>> 3] ?? 0) >>> (4 * (place & 7))) & MOST;
      if (count < least) least = count;
    }
    return least;
  }

  #halve(): void {
    const words = this.#words;
    // The lowest bit of a counter would fall into the one below.
    for (let at = 0; at < words.length; at += 1) words[at] = ((words[at] ?? 0) >>> 1) & 0x77777777;
    this.#additions >>= 1;
  }

  #placeOf(hash: number, row: number): number {
    let mixed = Math.imul(hash + Math.imul(row, 0x9e3779b9), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35);
    return row * this.#width + ((mixed ^ (mixed >>> 16)) & (this.#width - 1));
  }
}

function wordsOf(width: number): Uint32Array {
  return new Uint32Array((ROWS * width) / IN_WORD);
}
